"""The original: one case between two processes. Prints a line of JSON.

Arguments: this text, to start the second process with; udp or tcp; the case; how many messages; their
seed; and for the second process `sink`."""
import json
import struct
import subprocess
import sys
import time

from pysage import Actor, ActorManager, Message, transport

SCRIPT, PROTOCOL, CASE, N, SEED = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
CLASS = {'udp': transport.SelectUDPTransport, 'tcp': transport.SelectTCPTransport}[PROTOCOL]
# Over TCP the original hands over one message of what it reads at once, and the others only when more
# has come: only one may be under way. Over UDP as many as the receiver's buffer surely holds.
WINDOW = {'udp': 200, 'tcp': 1}[PROTOCOL]
REPORT = max(WINDOW // 8, 1)
MASK = (1 << 64) - 1
ODD = 0x9e3779b97f4a7c15
TEMPLATES = 256
WORDS = 8
NAMES = list('abcdefgh')
manager = ActorManager.get_singleton()


class Sample(Message):
    properties, types, packet_type = NAMES, ['d'] * WORDS, 101


class Word(Message):
    properties, types, packet_type = ['handled'], ['Q'], 103


def templates():
    """SplitMix64, as for the others."""
    state, all_of_them = SEED, []
    for _ in range(TEMPLATES):
        words = []
        for _ in range(WORDS):
            state = (state + ODD) & MASK
            word = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9 & MASK
            word = (word ^ (word >> 27)) * 0x94d049bb133111eb & MASK
            words.append(float(word ^ (word >> 31)))
        all_of_them.append(words)
    return all_of_them


def checksum(messages):
    """Computed behind the clock: it would take as long as all else."""
    value = 0
    for message in messages:
        words = [message.get_property(name) for name in NAMES]
        total, factor = len(words), ODD
        for bits in struct.unpack('<%dQ' % len(words), struct.pack('<%dd' % len(words), *words)):
            total += bits * factor
            factor += 0x2545f4914f6cdd1e
        value = ((((value << 5) | (value >> 59)) & MASK) ^ (total & MASK)) * ODD & MASK
    return value


class Sink(Actor):
    subscriptions = ['Sample']

    def __init__(self):
        Actor.__init__(self)
        self.messages, self.last = [], None

    def handle_Sample(self, message):
        self.messages.append(message)
        count = len(self.messages)
        if CASE == 'round_trip':
            manager.send_message(message, address=message.sender)
        else:
            self.last = time.time()
            if count % REPORT == 0 or count == N:
                manager.send_message(Word(handled=count), address=message.sender)
        return True


class Source(Actor):
    subscriptions = ['Sample', 'Word']
    handled = 0

    def handle_Word(self, message):
        self.handled = message.get_property('handled')
        return True

    def handle_Sample(self, message):
        self.handled += 1
        return True


def sink():
    actor = manager.register_actor(Sink())
    manager.listen(transport_class=CLASS, host='127.0.0.1', port=0)
    print(manager.transport.address[1])
    sys.stdout.flush()
    while len(actor.messages) < N:
        manager.tick()
    told = {'count': N, 'checksum': '%016x' % checksum(actor.messages), 'last': repr(actor.last)}
    print(json.dumps(told))


def source():
    command = [sys.executable, '-c', SCRIPT] + sys.argv[1:] + ['sink']
    second = subprocess.Popen(command, stdout=subprocess.PIPE)
    actor, bodies = manager.register_actor(Source()), templates()
    manager.connect(transport_class=CLASS, host='127.0.0.1', port=int(second.stdout.readline()))
    window = 1 if CASE == 'round_trip' else WINDOW
    sent, times, start = 0, [], time.time()
    while actor.handled < N:
        while sent < N and sent - actor.handled < window:
            words = bodies[sent % TEMPLATES]
            words[0] = float(sent)
            began = time.time()
            manager.send_message(Sample(**dict(zip(NAMES, words))))
            sent += 1
        before = actor.handled
        manager.tick()
        if CASE == 'round_trip' and actor.handled > before:
            times.append(int((time.time() - began) * 1e9))
    told = json.loads(second.stdout.readline())
    end = time.time() if CASE == 'round_trip' else float(told['last'])
    told.update({'seconds': end - start, 'latencies_ns': times})
    second.wait()
    print(json.dumps(told))


sink() if sys.argv[6:] == ['sink'] else source()
