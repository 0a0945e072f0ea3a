"""The original: one case in one process group. Prints a line of JSON."""
import json
import struct
import sys
import time

from pysage import Actor, ActorManager, Message

CASE, BYTES, N, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
MASK = (1 << 64) - 1
GOLDEN = 0x9e3779b97f4a7c15
LANES = 8
manager = ActorManager.get_singleton()


def scatter(number):
    number = (number + 1) * GOLDEN & MASK
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9 & MASK
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb & MASK
    return number ^ (number >> 31)


def rotate(number, bits):
    return (number << bits | number >> (64 - bits)) & MASK


class Bodies(object):
    def __init__(self):
        words = (BYTES - 8) // 8
        count = min(max((256 << 10) // BYTES, 2), 16)
        self.bodies = [
            struct.pack('<%dQ' % words, *[scatter(SEED ^ at) for at in range(first, first + words)])
            for first in range(0, count * words, words)]

    def of(self, number):
        return self.bodies[number % len(self.bodies)]


class Checksum(object):
    value = 0

    def add(self, number, body):
        lanes = [GOLDEN] * LANES
        for at, word in enumerate(struct.unpack('<%dQ' % (len(body) // 8), body)):
            lanes[at % LANES] = (lanes[at % LANES] ^ word) * GOLDEN & MASK
        each = number
        for at, lane in enumerate(lanes):
            each ^= rotate(lane, 7 * (at + 1))
        self.value = (rotate(self.value, 23) ^ each) * GOLDEN & MASK


class Sample(Message):
    properties = ['number', 'body']
    types = ['i', 'S']
    packet_type = 101


class Back(Message):
    properties = ['number', 'body']
    types = ['i', 'S']
    packet_type = 102


class Done(Message):
    properties = ['checksum', 'at']
    types = ['S', 'S']
    packet_type = 103


class Sink(Actor):
    subscriptions = ['Sample']

    def __init__(self):
        Actor.__init__(self)
        self.sum, self.handled = Checksum(), 0

    def handle_Sample(self, message):
        self.sum.add(message.get_property('number'), str(message.get_property('body')))
        self.handled += 1
        if self.handled == N:
            done = Done(checksum='%016x' % self.sum.value, at=repr(time.time()))
            manager.queue_message_to_group(manager.PYSAGE_MAIN_GROUP, done)
        return True


class Echo(Actor):
    subscriptions = ['Sample']

    def handle_Sample(self, message):
        back = Back(number=message.get_property('number'), body=message.get_property('body'))
        manager.queue_message_to_group(manager.PYSAGE_MAIN_GROUP, back)
        return True


class Main(Actor):
    subscriptions = ['Done', 'Back']
    done = back = None

    def handle_Done(self, message):
        self.done = message
        return True

    def handle_Back(self, message):
        self.back = message
        return True


def until(told):
    """The loop that the original's documentation shows."""
    while not told():
        manager.tick()
        if not told():
            time.sleep(.03)


def main():
    manager.enable_groups()
    listener, bodies = Main(), Bodies()
    manager.register_actor(listener)
    if CASE == 'one_way':
        manager.add_process_group('group', Sink)
        start = time.time()
        for number in range(N):
            manager.queue_message_to_group('group', Sample(number=number, body=bodies.of(number)))
        until(lambda: listener.done)
        elapsed = float(listener.done.get_property('at')) - start
        result = {'elapsed_ns': int(elapsed * 1e9), 'checksum': listener.done.get_property('checksum')}
    else:
        manager.add_process_group('group', Echo)
        times, checksum = [], Checksum()
        for number in range(N):
            listener.back, start = None, time.time()
            manager.queue_message_to_group('group', Sample(number=number, body=bodies.of(number)))
            until(lambda: listener.back)
            times.append(time.time() - start)
            back = listener.back
            checksum.add(back.get_property('number'), str(back.get_property('body')))
        times.sort()
        p50, p99 = [int(times[(len(times) - 1) * percent // 100] * 1e9) for percent in (50, 99)]
        result = {'p50_ns': p50, 'p99_ns': p99, 'checksum': '%016x' % checksum.value}
    manager.clear_process_group()
    print(json.dumps(result))


if __name__ == '__main__':
    main()
