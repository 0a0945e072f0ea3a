"""A program on the original: a server that answers, or a client that asks. Arguments: the folder in
which pysage is, `server` or `client`, `udp` or `tcp`, and for a client the port.

A server prints its port. Either ends when its standard input does, and prints what went wrong."""
import os
import select
import sys
import time

sys.path.insert(0, sys.argv[1])
from pysage import Actor, ActorManager, Message, transport

ROLE, PROTOCOL = sys.argv[2:4]
CLASS = {'udp': transport.SelectUDPTransport, 'tcp': transport.SelectTCPTransport}[PROTOCOL]
manager = ActorManager.get_singleton()

VALUES = {
    'small': [-128, 255, -32768, 65535],
    'large': [-2 ** 31, 2 ** 32 - 1, -2 ** 63, 2 ** 64 - 1],
    'real': [-2.5, 2.2250738585072014e-308],
    'truth': True,
    'letter': 'x',
    'fixed': 'ab\0\0',
    'short': 'nick',
    'raw': ''.join(map(chr, range(255))),
    'text': u'gr\xfc\xdfe'.encode('utf-8') * 2000,
    'numbers': list(range(-500, 500)),
    'reals': [float('inf'), -0.0],
}


class Everything(Message):
    properties = ['small', 'large', 'real', 'truth', 'letter', 'fixed', 'short', 'raw', 'text',
                  'numbers', 'reals']
    types = [('b', 'B', 'h', 'H'), ('i', 'I', 'q', 'Q'), ('f', 'd'), '?', 'c', '4s', 'p', 'p', 'S',
             'ai', 'ad']
    packet_type = 255


class Tell(Message):
    properties = ['number']
    types = ['I']
    packet_type = 101


class Nothing(Message):
    packet_type = 102


class Witness(Actor):
    """Answers each number with one more, and everything with the same."""
    subscriptions = ['Tell', 'Everything', 'Nothing']

    def handle_Tell(self, message):
        tell(message.sender, Tell(number=message.get_property('number') + 1))
        return True

    def handle_Nothing(self, message):
        manager.broadcast_message(Tell(number=1000))
        return True

    def handle_Everything(self, message):
        for name, value in VALUES.items():
            got = message.get_property(name)
            assert got == value, '%s is %r, not %r' % (name, got, value)
        tell(message.sender, Everything(**VALUES))
        return True


def tell(sender, message):
    # A client has one peer; over TCP it takes no other address.
    manager.send_message(message, address=sender if ROLE == 'server' else None)


def main():
    manager.register_actor(Witness())
    if ROLE == 'server':
        manager.listen(transport_class=CLASS, host='127.0.0.1', port=0)
        print(manager.transport.address[1])
        sys.stdout.flush()
    else:
        manager.connect(transport_class=CLASS, host='127.0.0.1', port=int(sys.argv[4]))
        manager.send_message(Tell(number=500))
    while not select.select([sys.stdin], [], [], 0)[0]:
        manager.tick()
        time.sleep(.001)


main()
