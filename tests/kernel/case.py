# SPDX-License-Identifier: BSD-3-Clause
"""A case: what is sent, step by step, and how frames for it are begun."""
from frames import ETH4, ETH6, eth
from topology import MACS, host_mac


class Case:
    """
    Steps: (link, frame): arrives, and both outputs are compared; (link, frame, True): with ARP
    requests and neighbour solicitations; an int: that many ms pass, and outputs are compared; a
    str: a line of configuration for both.
    @differs: why both are meant to differ here, as docs/differences.md has it
    """

    def __init__(self, name, *steps, differs=''):
        self.name = name
        self.steps = steps
        self.differs = differs


COUNT = {'n': 0}


def fresh():
    """A source behind host 8 of link a. The kernel limits errors to each source (ip_error())."""
    COUNT['n'] += 1
    return '10.100.%u.%u' % (COUNT['n'] >> 8, COUNT['n'] & 255)


def fresh6():
    COUNT['n'] += 1
    return '2001:db8:100::%x' % COUNT['n']


def via4(packet, link='a', src=2, dst=None):
    """@packet from host @src of @link to the router's MAC (or @dst): a step"""
    return (link, eth(dst or MACS[link], host_mac(link, src), ETH4, packet))


def via6(packet, link='a', src=2, dst=None):
    return (link, eth(dst or MACS[link], host_mac(link, src), ETH6, packet))
