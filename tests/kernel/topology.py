# SPDX-License-Identifier: BSD-3-Clause
"""The router that most cases meet, described once for the kernel and for the tenant.

Four links, each with hosts .2 to .9 whose MACs are known. Link c is smaller, d too small for IPv6.
"""
from frames import a4, a6, mac

MACS = {n: mac('02:00:00:00:01:%02x' % (i + 1)) for i, n in enumerate('abcd')}
MTUS = {'a': 1500, 'b': 1500, 'c': 1280, 'd': 576}
NET4 = {n: '10.0.%u' % i for i, n in enumerate('abcd')}
NET6 = {n: '2001:db8:%s' % n for n in 'abcd'}
HOSTS = range(2, 10)
REDIRECTED = range(100, 120)  # hosts of link a, for the kernel counts redirects to each


def host_mac(link, n):
    return mac('02:00:00:00:%02x:%02x' % (0xa0 + 'abcd'.index(link), n))


def text_mac(m):
    return ':'.join('%02x' % b for b in m)


def link_local(m):
    e = bytes([m[0] ^ 2]) + m[1:3] + b'\xff\xfe' + m[3:]
    return 'fe80::' + ':'.join('%x' % (e[i] << 8 | e[i + 1]) for i in range(0, 8, 2))


BASE = []
for _l in 'abcd':
    BASE += ['link %s %s %u' % (_l, text_mac(MACS[_l]), MTUS[_l]),
             'addr add %s %s.1/24 brd %s.255' % (_l, NET4[_l], NET4[_l])]
    BASE += ['neigh add %s %s.%u %s' % (_l, NET4[_l], _h, text_mac(host_mac(_l, _h)))
             for _h in HOSTS]
    if _l != 'd':
        BASE += ['addr add %s %s::1/64' % (_l, NET6[_l])]
        BASE += ['neigh add %s %s::%u %s' % (_l, NET6[_l], _h, text_mac(host_mac(_l, _h)))
                 for _h in HOSTS]
        BASE += ['neigh add %s fe80::%u %s' % (_l, _h, text_mac(host_mac(_l, _h)))
                 for _h in HOSTS]
BASE += [
    'addr add a 10.0.0.11/24 brd 10.0.0.255',  # a secondary
    'addr add b 192.0.2.1/30',
    'addr add b 192.0.2.9/31',
    'addr add b 192.0.2.12/32',
    'route add 10.100.0.0/16 via 10.0.0.8',  # sources that nobody used before, see fresh()
    'route add 2001:db8:100::/48 via 2001:db8:a::8',
    'route add 172.16.0.0/16 via 10.0.1.9',
    'route add blackhole 172.17.0.0/16',
    'route add unreachable 172.18.0.0/16',
    'route add prohibit 172.19.0.0/16',
    'route add 172.20.0.0/16 via 10.0.2.9',
    'route add 172.21.0.0/16 via 10.0.3.9',
    'route add 172.22.0.0/16 mtu 1000 via 10.0.1.9',
    'route add 172.23.0.0/16 via 10.0.0.9',
    'route add 172.24.0.0/16 via 10.0.1.99',
    'route add 2001:db8:16::/48 via 2001:db8:b::9',
    'route add blackhole 2001:db8:17::/48',
    'route add unreachable 2001:db8:18::/48',
    'route add prohibit 2001:db8:19::/48',
    'route add 2001:db8:20::/48 via 2001:db8:c::9',
    'route add 2001:db8:22::/48 mtu 1400 via 2001:db8:b::9',
    'route add 2001:db8:23::/48 via 2001:db8:a::9',
    'route add 2001:db8:25::/48 via fe80::9 dev b',
]
BASE += ['neigh add a 10.0.0.%u %s' % (_h, text_mac(host_mac('a', _h))) for _h in REDIRECTED]
CONF = ['conf icmp_ratelimit_ms 0', 'conf icmp_msgs_per_sec 1000000',
        'conf icmp_msgs_burst 1000000']


def own_addresses(lines):
    """Addresses that the lines give the router, as bytes; link-local ones too."""
    own = {a6('::1')}
    for line in lines:
        w = line.split()
        if w[:2] == ['addr', 'add']:
            own.add((a6 if ':' in w[3] else a4)(w[3].split('/')[0]))
        elif w[0] == 'link':
            own.add(a6(link_local(mac(w[2]))))
    return own
