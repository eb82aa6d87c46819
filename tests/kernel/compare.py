# SPDX-License-Identifier: BSD-3-Clause
"""What may differ between two frames that mean the same, and a readable account of the rest.

Masked, each with its reason:
- IPv4 identification of packets that the router makes: Linux draws it at random, we count;
- the times in ICMP timestamp replies and timestamp options: two clocks read at two moments;
- IPv6 fragment identification of packets that the router makes: drawn at random.
The checksums over masked fields are checked first, and are then masked with them.
"""
import logging
import time

from frames import csum


def mask_times(ip):
    """Words that look like a time of about now, in a packet with an option for times"""
    now = int(time.time() * 1000) % 86400000
    for i in range(20, len(ip) - 3):
        if abs(int.from_bytes(ip[i:i + 4], 'big') - now) < 5000:
            ip[i:i + 4] = b'time'
            ip[10:12] = b'--'
            if ip[9] == 1:
                ihl = (ip[0] & 15) * 4
                ip[ihl + 2:ihl + 4] = b'--'


def mask4(ip, own):
    ihl = (ip[0] & 15) * 4
    if 68 in ip[20:ihl] or (ip[9] == 1 and len(ip) > ihl + 28 and ip[ihl] in (3, 11, 12) and
                            68 in ip[ihl + 28:ihl + 68]):
        mask_times(ip)
    if len(ip) < 20 or bytes(ip[12:16]) not in own or ihl < 20 or len(ip) < ihl:
        return ip
    good = csum(bytes(ip[:ihl])) == 0
    ip[4:6] = b'id'
    if ip[10:12] != b'--':
        ip[10:12] = b'ok' if good else b'!!'
    if ip[9] == 1 and len(ip) >= ihl + 20 and ip[ihl] == 14:
        good = csum(bytes(ip[ihl:])) == 0
        ip[ihl + 2:ihl + 4] = b'ok' if good else b'!!'
        ip[ihl + 12:ihl + 20] = b'the time'
    return ip


def mask6(ip, own):
    if len(ip) >= 48 and bytes(ip[8:24]) in own and ip[6] == 44:
        ip[44:48] = b'id--'
    return ip


def mask(frame, own):
    kind = frame[12:14]
    payload = bytearray(frame[14:])
    if kind == b'\x08\0' and len(payload) >= 20:
        payload = mask4(payload, own)
    elif kind == b'\x86\xdd' and len(payload) >= 40:
        payload = mask6(payload, own)
    return frame[:14] + bytes(payload)


def by_link(out, own):
    """Order counts on each link; between links there is none."""
    links = {}
    for link, frame in out:
        links.setdefault(link, []).append(mask(frame, own))
    return links


def is_question(frame):
    """ARP request or neighbour solicitation"""
    if frame[12:14] == b'\x08\x06':
        return frame[20:22] == b'\0\1'
    return frame[12:14] == b'\x86\xdd' and len(frame) > 54 and frame[20] == 58 and frame[54] == 135


def dump(frame):
    logging.getLogger('scapy').setLevel(logging.ERROR)
    try:
        from scapy.layers.l2 import Ether
        import scapy.layers.inet  # noqa: F401
        import scapy.layers.inet6  # noqa: F401
        text = Ether(frame).summary()
    except Exception:  # scapy gives up on some malformed frames
        text = ''
    return '%s\n      %s' % (text, frame.hex())


def explain(kernel, tenant):
    """Lines about two outputs as by_link() gives them."""
    lines = []
    for link in sorted(set(kernel) | set(tenant)):
        k, t = kernel.get(link, []), tenant.get(link, [])
        if k == t:
            continue
        for i in range(max(len(k), len(t))):
            a = k[i] if i < len(k) else None
            b = t[i] if i < len(t) else None
            if a == b:
                continue
            lines.append('    %s kernel %s' % (link, dump(a) if a else '-'))
            lines.append('    %s tenant %s' % (link, dump(b) if b else '-'))
            if a and b:
                n = min(len(a), len(b))
                at = [str(j - 14) for j in range(n) if a[j] != b[j]][:24]
                lines.append('    differ at L3 bytes %s, lengths %u, %u' %
                             (' '.join(at), len(a) - 14, len(b) - 14))
    return lines
