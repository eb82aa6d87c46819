# SPDX-License-Identifier: BSD-3-Clause
"""Scripts of ip commands for compare_ip.py, mostly made from tables. A case is a name and a list of
lines as `ip -batch` reads them; BASE comes first in each."""

BASE = ['link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b',
        'link set lo up']
UP = ['link set va up', 'link set vb up']
NET = UP + ['addr add 10.0.0.1/24 dev va', 'addr add 2001:db8::1/64 dev va nodad']

ADDRS4 = ['10.0.0.1/24', '10.0.0.1/32', '10.0.0.0/31', '10.0.0.1/30', '10.0.0.1/8', '10.0.0.1/0',
          '10.0.0.255/24', '10.0.0.0/24', '127.5.0.1/8', '169.254.1.1/16', '0.0.0.0/0', '0.0.0.0/32',
          '224.0.0.1/24', '255.255.255.255/32', '192.168.255.1/16', '172.16.0.1/12']
ADDRS6 = ['2001:db8::1/64', '2001:db8::1/128', '2001:db8::/64', '2001:db8::1/127', '2001:db8::1/48',
          'fe80::1/64', 'fe80::1/128', 'fec0::1/64', 'fd00::1/8', '::/64', '::1/128', 'ff02::1/64',
          '::ffff:1.2.3.4/96', '2001:db8::1/0', '2001:db8:0:1:2:3:4:5/126']
OPTIONS4 = ['', 'brd +', 'brd -', 'brd 10.0.0.77', 'label va:x', 'metric 50', 'noprefixroute',
            'scope link', 'scope host', 'scope 77', 'valid_lft 1000 preferred_lft 500', 'proto 5',
            'valid_lft 10 preferred_lft 20', 'home', 'mngtmpaddr']
OPTIONS6 = ['', 'metric 50', 'noprefixroute', 'scope link', 'valid_lft 1000 preferred_lft 500',
            'home', 'valid_lft 10 preferred_lft 20', 'valid_lft 0']


def addresses():
    for a in ADDRS4:
        for dev in ('va', 'lo'):
            yield 'addr4 %s %s' % (a, dev), UP + ['addr add %s dev %s' % (a, dev)]
        yield 'addr4 down %s' % a, ['addr add %s dev va' % a, 'link set va up', 'link set vb up']
        yield 'addr4 updown %s' % a, UP + ['addr add %s dev va' % a, 'link set va down']
        yield 'addr4 again %s' % a, UP + ['addr add %s dev va' % a] * 2
        yield 'addr4 del %s' % a, UP + ['addr add %s dev va' % a, 'addr del %s dev va' % a] * 2
        yield 'addr4 two %s' % a, UP + ['addr add %s dev va' % a, 'addr add %s dev vb' % a,
                                        'addr del %s dev va' % a]
    for a in ADDRS6:
        for dev in ('va', 'lo'):
            yield 'addr6 %s %s' % (a, dev), UP + ['addr add %s dev %s' % (a, dev)]
        yield 'addr6 down %s' % a, ['addr add %s dev va' % a, 'link set va up', 'link set vb up']
        yield 'addr6 updown %s' % a, UP + ['addr add %s dev va' % a, 'link set va down']
        yield 'addr6 again %s' % a, UP + ['addr add %s dev va' % a] * 2
        yield 'addr6 del %s' % a, UP + ['addr add %s dev va' % a, 'addr del %s dev va' % a] * 2
        yield 'addr6 two %s' % a, UP + ['addr add %s dev va' % a, 'addr add %s dev vb' % a,
                                        'addr del %s dev va' % a]
    for o in OPTIONS4:
        yield 'addr4 option %s' % o, UP + ['addr add 10.0.0.1/24 %s dev va' % o]
        yield 'addr4 option change %s' % o, UP + ['addr add 10.0.0.1/24 dev va',
                                                  'addr change 10.0.0.1/24 %s dev va' % o]
        yield 'addr4 peer option %s' % o, UP + ['addr add 10.0.0.1 peer 10.1.0.1/24 %s dev va' % o]
    for o in OPTIONS6:
        yield 'addr6 option %s' % o, UP + ['addr add 2001:db8::1/64 %s dev va' % o]
        yield 'addr6 option change %s' % o, UP + ['addr add 2001:db8::1/64 dev va',
                                                  'addr change 2001:db8::1/64 %s dev va' % o]
        yield 'addr6 peer option %s' % o, UP + [
            'addr add 2001:db8::1 peer 2001:db8:1::1/64 %s dev va' % o]
    many = UP + ['addr add 10.0.%d.%d/24 dev va' % (i // 3, i % 3 + 1) for i in range(9)]
    for d in ('10.0.0.1/24', '10.0.0.2/24', '10.0.1.1/24', '10.0.2.3/24', '10.0.0.1/32', '10.0.0.9/24',
              '10.0.0.1', '10.9.0.1/24'):
        yield 'addr4 secondaries del %s' % d, many + ['addr del %s dev va' % d]
    yield 'addr4 flush', many + ['addr flush dev va']
    yield 'addr flush scope', many + ['addr flush dev va scope global']
    yield 'addr no device', UP + ['addr add 10.0.0.1/24 dev nope', 'addr del 10.0.0.1/24 dev va',
                                  'addr add 10.0.0.1/33 dev va', 'addr add 2001:db8::1/129 dev va',
                                  'addr del 2001:db8::9/64 dev va', 'addr show dev nope']


DST4 = ['10.1.0.0/16', 'default', '10.1.2.3', '10.0.0.0/24', '10.1.2.0/23', '224.0.0.0/4', '0.0.0.0/1',
        '127.0.0.0/24', '10.0.0.1', '255.255.255.255']
HOPS4 = ['dev va', 'via 10.0.0.2', 'via 10.0.0.2 dev va', 'via 10.0.0.2 dev vb', 'via 10.0.0.1',
         'via 10.9.0.1', 'via 10.9.0.1 dev va onlink', 'via 10.0.0.255', 'via 127.0.0.1', 'dev lo',
         'via 224.0.0.1', 'dev vb', 'via inet6 2001:db8::2', 'via inet6 fe80::2 dev va',
         'nexthop via 10.0.0.2 nexthop via 10.0.0.3', 'nexthop via 10.0.0.2 weight 5 nexthop dev vb',
         'nexthop via 10.0.0.2 nexthop via 10.9.0.1', 'via 10.0.0.2 onlink']
DST6 = ['2001:db8:1::/48', 'default', '2001:db8::7', '2001:db8::/64', 'fe80::/64', 'ff00::/8', '::/1',
        '2001:db8::1', '::1']
HOPS6 = ['dev va', 'via 2001:db8::2', 'via 2001:db8::2 dev va', 'via 2001:db8::2 dev vb',
         'via 2001:db8::1', 'via 2001:db8:9::1', 'via fe80::2 dev va', 'via fe80::2',
         'via 2001:db8:9::1 dev va onlink', 'dev lo', 'via ff02::1 dev va', 'dev vb',
         'nexthop via 2001:db8::2 nexthop via 2001:db8::3',
         'nexthop via fe80::2 dev va weight 5 nexthop via fe80::3 dev vb']
ATTRS = ['metric 0', 'metric 7', 'metric 4294967295', 'proto static', 'proto 200', 'scope link',
         'scope host', 'scope global', 'scope nowhere', 'mtu 1400', 'mtu 70000', 'tos 0x10',
         'table 100', 'table local', 'table main', 'src 10.0.0.1', 'src 10.9.9.9', 'src 2001:db8::1',
         'advmss 1000', 'window 100', 'hoplimit 5', 'pref high', 'quickack 1', 'onlink', 'mtu lock 1300',
         'initcwnd 10', 'rtt 5ms', 'features ecn', 'realm 5', 'expires 1000']
TYPES = ['unicast', 'local', 'broadcast', 'multicast', 'throw', 'unreachable', 'prohibit', 'blackhole',
         'nat', 'anycast']


def routes():
    for v, dsts, hops in (('', DST4, HOPS4), ('6', DST6, HOPS6)):
        far = hops[1]
        for dst in dsts:
            for hop in hops:
                yield 'route%s add %s %s' % (v, dst, hop), NET + ['route add %s %s' % (dst, hop)]
        a = dsts[0]
        for attr in ATTRS:
            yield 'route%s attr %s' % (v, attr), NET + ['route add %s %s %s' % (a, far, attr)]
            yield 'route%s del attr %s' % (v, attr), NET + ['route add %s %s' % (a, far),
                                                            'route del %s %s' % (a, attr)]
            yield 'route%s dev attr %s' % (v, attr), NET + ['route add %s dev va %s' % (a, attr)]
        for t in TYPES:
            for what in (a, a + ' dev va', a + ' ' + far, a + ' metric 5', dsts[1]):
                yield 'route%s type %s %s' % (v, t, what), NET + ['route add %s %s' % (t, what)]
            yield 'route%s type %s del' % (v, t), NET + ['route add %s %s' % (t, a),
                                                         'route del %s' % a]
        second = far[:-1] + '3'
        for op in ('add', 'append', 'prepend', 'replace', 'change', 'del', 'test'):
            for first in ([], ['route add %s %s' % (a, far)],
                          ['route add %s %s' % (a, far), 'route add %s %s metric 9' % (a, far)],
                          ['route add %s %s' % (a, far), 'route append %s %s' % (a, second)]):
                for what in ('%s %s' % (a, far), '%s %s' % (a, second), '%s dev va' % a,
                             '%s %s metric 9' % (a, second)):
                    yield 'route%s %s %d %s' % (v, op, len(first), what), \
                        NET + first + ['route %s %s' % (op, what)]
        for end in (['link set va down'], ['link set vb down'], ['link set va down', 'link set va up'],
                    ['link del va'], ['link set va name vc'], ['link set va mtu 1300'],
                    ['link set va mtu 1200'], ['link set va address 02:00:00:00:00:0c']):
            lines = ['route add %s %s' % (a, far), 'route add %s %s' % (dsts[1], far),
                     'route add %s %s' % (dsts[2], hops[-4 if v else 14])]
            yield 'route%s then %s' % (v, '; '.join(end)), NET + lines + end
        get = ['10.0.0.1', '10.0.0.2', '10.0.0.255', '10.1.2.3', '127.0.0.1', '224.0.0.1', '10.9.9.9',
               '255.255.255.255', '10.1.2.3 from 10.0.0.1', '10.1.2.3 oif va', '10.1.2.3 oif vb',
               '0.0.0.0', '10.1.2.3 fibmatch', '10.2.0.1', '10.3.0.1', '10.4.0.1'] if not v else [
                   '2001:db8::1', '2001:db8::2', '2001:db8:1::5', '::1', 'ff02::1', 'fe80::5 oif va',
                   '2001:db8:9::1', '2001:db8:1::5 from 2001:db8::1', '2001:db8:1::5 fibmatch',
                   '2001:db8:2::1', '2001:db8:3::1', '2001:db8:4::1']
        types = ['unreachable', 'prohibit', 'blackhole']
        nets = ['10.%d.0.0/16' % i if not v else '2001:db8:%d::/48' % i for i in (2, 3, 4)]
        for g in get:
            yield 'route%s get %s' % (v, g), NET + ['route add %s %s' % (a, far)] + [
                'route add %s %s' % z for z in zip(types, nets)] + ['route get ' + g]


def neighbours():
    for v, ip, other in (('4', '10.0.0.5', '10.9.0.5'), ('6', '2001:db8::5', '2001:db8:9::5')):
        mac = 'lladdr 02:00:00:00:00:55'
        for state in ('permanent', 'noarp', 'reachable', 'stale', 'none', 'failed', 'incomplete',
                      'delay', 'probe'):
            for m in (mac, ''):
                yield 'neigh%s %s %s' % (v, state, m), NET + [
                    'neigh add %s %s nud %s dev va' % (ip, m, state)]
            yield 'neigh%s change %s' % (v, state), NET + [
                'neigh add %s %s dev va' % (ip, mac), 'neigh change %s nud %s dev va' % (ip, state)]
        for lines in (['neigh add %s %s dev va'] * 2, ['neigh add %s %s dev va', 'neigh replace %s %s dev va'],
                      ['neigh replace %s %s dev va'], ['neigh change %s %s dev va'],
                      ['neigh add %s %s dev va', 'neigh del %s %s dev va'], ['neigh del %s %s dev va'],
                      ['neigh add %s %s dev lo'], ['neigh add %s %s dev nope'],
                      ['neigh add %s %s dev va router'], ['neigh add %s %s dev va extern_learn'],
                      ['neigh add %s %s dev va proto 5'], ['neigh add %s %s dev va', 'neigh flush dev va'],
                      ['neigh add %s %s dev va nud stale', 'neigh flush dev va'],
                      ['neigh add %s %s dev va', 'link set va down'],
                      ['neigh add %s %s dev va nud stale', 'link set va down'],
                      ['neigh add %s %s dev va', 'link del va']):
            yield 'neigh%s %s' % (v, ' '.join(lines)), NET + [
                l % (ip, mac) if '%' in l else l for l in lines]
        yield 'neigh%s get' % v, NET + ['neigh add %s %s dev va' % (ip, mac), 'neigh get %s dev va' % ip,
                                        'neigh get %s dev va' % other]
        yield 'neigh%s far' % v, NET + ['neigh add %s %s dev va' % (other, mac)]
        for bad in ('01:00:5e:00:00:01', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '02:00:00:00:00'):
            yield 'neigh%s mac %s' % (v, bad), NET + ['neigh add %s lladdr %s dev va' % (ip, bad)]


def links():
    sets = ['up', 'down', 'mtu 1400', 'mtu 67', 'mtu 68', 'mtu 65535', 'mtu 65536', 'mtu 0',
            'name vx', 'name vb', 'name va', 'name lo', 'address 02:00:00:00:00:99',
            'address 01:00:00:00:00:01', 'address 00:00:00:00:00:00', 'txqueuelen 5', 'txqlen 0',
            'alias hello', 'alias ""', 'group 7', 'promisc on', 'allmulticast on', 'arp off',
            'multicast off', 'type vlan', 'master vb', 'nomaster', 'mode dormant', 'state dormant',
            'dynamic on', 'trailers on', 'netns 1', 'netns 999999', 'netns nope', 'addrgenmode none',
            'addrgenmode eui64', 'carrier off', 'protodown on', 'min_mtu 5', 'gso_max_size 3000']
    for s in sets:
        for dev in ('va', 'lo'):
            if s == 'netns 1':
                continue
            yield 'link set %s %s' % (dev, s), ['link set %s %s' % (dev, s)]
            yield 'link set up %s %s' % (dev, s), UP + ['link set %s %s' % (dev, s)]
    for line in ('link add va type veth', 'link add vz type nope', 'link add type veth',
                 'link add vz type veth peer name va', 'link add vz type veth peer name vz',
                 'link add vz mtu 1300 address 02:00:00:00:00:31 type veth peer name vy mtu 1200 address 02:00:00:00:00:32',
                 'link add vz up address 02:00:00:00:00:31 type veth peer name vy address 02:00:00:00:00:32',
                 'link add vz index 77 address 02:00:00:00:00:31 type veth peer name vy address 02:00:00:00:00:32',
                 'link add vz index 2 type veth peer name vy', 'link del va', 'link del vb',
                 'link del lo', 'link del nope', 'link set nope up', 'link show nope',
                 'link del group 7', 'link set group default up', 'link del group default',
                 'link property add dev va altname alternative', 'link show dev va',
                 'link add vz address 01:00:00:00:00:31 type veth', 'link add vz mtu 10 type veth',
                 'link add name va.5 link va type nope id 5', 'rule show', 'netconf show dev nope',
                 'link add vx0 address 02:00:00:00:00:41 type vxlan id 5 dstport 4789 remote 10.0.0.9 dev va',
                 'link add vx0 address 02:00:00:00:00:41 type vxlan id 16777216 dstport 4789 remote 10.0.0.9',
                 'link add vx0 type vxlan', 'link set dev va alias x up mtu 1300'):
        yield 'link %s' % line, [line]
        yield 'link up %s' % line, UP + [line]
    yield 'link altname', ['link property add dev va altname other', 'link show other',
                           'link set other up', 'link property add dev vb altname other',
                           'link property del dev va altname other',
                           'link property del dev va altname other']


def cases():
    for group in (addresses, routes, neighbours, links):
        yield from group()
