# SPDX-License-Identifier: BSD-3-Clause
"""All cases, in groups that share a topology."""
import cases_ip4
import cases_ip6
import cases_local4
import cases_reass
import topology


class Group:
    """@random: seeds for random mode, which uses the base topology"""

    def __init__(self, name, lines, cases, random=True):
        self.random = random
        self.name = name
        self.lines = lines
        self.cases = list(cases)


def groups():
    yield Group('ip4', topology.BASE, cases_ip4.cases())
    yield Group('local4', topology.BASE, cases_local4.cases())
    yield Group('reass', topology.BASE, cases_reass.cases(), random=False)
    yield Group('arp', topology.BASE, cases_local4.arps(), random=False)
    yield Group('ip6', topology.BASE, cases_ip6.cases())
