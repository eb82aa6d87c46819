# SPDX-License-Identifier: BSD-3-Clause
"""Random mode: frames of the cases, changed here and there, to both routers in turn."""
import random
import struct
import time

import cases
import compare
import topology
from case import fresh
from frames import a4, csum

INTERESTING = (0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 20, 31, 32, 44, 58, 59, 60, 63, 64, 127, 128,
               135, 136, 192, 223, 224, 239, 240, 254, 255)
LIMITED = {(3, 0), (3, 1), (3, 13)}  # what ip_error() limits to each source, see excuse()


def seeds():
    out = []
    for group in cases.groups():
        if group.random:
            for c in group.cases:
                out += [s[:2] for s in c.steps if isinstance(s, tuple)]
    return out


def fix_l4(frame, at, proto, src, dst):
    place = {1: 2, 58: 2, 6: 16, 17: 6}.get(proto)
    data = frame[at:]
    if place is None or len(data) < place + 2:
        return frame
    data = data[:place] + b'\0\0' + data[place + 2:]
    head = b'' if proto == 1 else pseudo_bytes(src, dst, proto, len(data))
    return frame[:at] + data[:place] + struct.pack('!H', csum(head + data)) + data[place + 2:]


def pseudo_bytes(src, dst, proto, length):
    if len(src) == 16:
        return src + dst + struct.pack('!II', length, proto)
    return src + dst + struct.pack('!BBH', 0, proto, length & 0xffff)


def repair(rnd, frame):
    """Most mutants get good checksums again: behind them there is more to find."""
    kind = frame[12:14]
    if kind == b'\x08\0' and len(frame) >= 34:
        ihl = (frame[14] & 15) * 4
        if rnd.random() < 0.6 and ihl >= 20 and len(frame) >= 14 + ihl:
            frame = fix_l4(frame, 14 + ihl, frame[23], frame[26:30], frame[30:34])
        if rnd.random() < 0.9 and ihl >= 20 and len(frame) >= 14 + ihl:
            head = frame[14:24] + b'\0\0' + frame[26:14 + ihl]
            frame = frame[:24] + struct.pack('!H', csum(head)) + frame[26:]
    elif kind == b'\x86\xdd' and len(frame) >= 54 and rnd.random() < 0.8:
        frame = fix_l4(frame, 54, frame[20], frame[22:38], frame[38:54])
    return frame


def length_fix(rnd, frame):
    if frame[12:14] == b'\x08\0' and len(frame) >= 34:
        return frame[:16] + struct.pack('!H', len(frame) - 14) + frame[18:]
    if frame[12:14] == b'\x86\xdd' and len(frame) >= 54:
        return frame[:18] + struct.pack('!H', len(frame) - 54) + frame[20:]
    return frame


def mutate(rnd, frame):
    b = bytearray(frame)
    for _ in range(rnd.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        # headers are more worth than what they carry
        at = rnd.randrange(14, max(15, min(len(b), rnd.choice((34, 54, 80, 1600)))))
        if at >= len(b):
            continue
        how = rnd.randrange(5)
        if how == 0:
            b[at] ^= 1 << rnd.randrange(8)
        elif how == 1:
            b[at] = rnd.choice(INTERESTING)
        elif how == 2:
            b[at] = rnd.randrange(256)
        elif how == 3 and len(b) > 60:
            n = rnd.randrange(1, 5)
            b[at:at + n] = bytes(rnd.randrange(256) for _ in range(min(n, len(b) - at)))
        else:
            b[at] = (b[at] + rnd.choice((-1, 1, 4, -4, 8))) & 255
    if rnd.random() < 0.1:
        del b[rnd.randrange(14, len(b) + 1):]
    elif rnd.random() < 0.1:
        b += bytes(rnd.randrange(256) for _ in range(rnd.randrange(1, 64)))
    frame = bytes(b)
    if rnd.random() < 0.5:
        frame = length_fix(rnd, frame)
    if frame[12:14] == b'\x08\0' and frame[26:28] == b'\x0a\x64':
        frame = frame[:26] + a4(fresh()) + frame[30:]
    return repair(rnd, frame)


def on_purpose(frame, sent):
    """What docs/differences.md names, in what Linux or a tenant sends because of @sent"""
    if frame[12:14] == b'\x86\xdd':  # a redirect, UDP-Lite
        return frame[20] == 58 and (frame[54] == 137 or (len(sent) > 20 and sent[20] == 136))
    if frame[12:14] != b'\x08\0':
        return frame[12:14] == b'\x08\x06' and sent[22] & 1  # a group's hardware address
    made = frame[18:20] == b'id'
    return frame[:6] == b'\xff' * 6 or (made and sent[12:14] == b'\x08\0' and sent[14] & 15 > 5) or \
        (made and sent[23] == 136)


def is_late(frame):
    """Host unreachable comes when the kernel's timer says; it may keep another error from going
    out at the same moment, for there is one socket for both."""
    if frame[12:14] == b'\x08\0':
        at = 14 + (frame[14] & 15) * 4
        return frame[23] == 1 and frame[at:at + 2] == b'\3\1'
    return frame[12:14] == b'\x86\xdd' and frame[20] == 58 and frame[54:56] == b'\1\3'


def excuse(k, t, sent):
    """Linux limits unreachables to five for each source and then one a second, whatever the
    sysctls say: they may be missing in what it sent."""
    if any(is_late(f) for out in (k, t) for frames in out.values() for f in frames):
        return True
    for link in set(k) | set(t):
        kf = [f for f in k.get(link, []) if not on_purpose(f, sent)]
        tf = [f for f in t.get(link, []) if not on_purpose(f, sent)]
        if any(f not in tf for f in kf):
            return False
        for f in tf:
            if f not in kf and (f[12:14] != b'\x08\0' or f[23] != 1 or
                                (f[34], f[35]) not in LIMITED):
                return False
    return True


def run(make, seconds, seed):
    print('kernel: random frames for %u s, seed %u' % (seconds, seed), flush=True)
    rnd = random.Random(seed)
    world = make()
    world.configure('conf send_redirects 0')
    pool = seeds()
    count = failed = excused = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and failed < 10:
        link, frame = rnd.choice(pool)
        frame = mutate(rnd, frame)[:topology.MTUS[link] + 14]
        count += 1
        k, t = world.step(link, frame)
        if k == t:
            continue
        if excuse(k, t, frame):
            excused += 1
            continue
        failed += 1
        print('frame %u on %s: %s' % (count, link, compare.dump(frame)))
        print('\n'.join(compare.explain(k, t)), flush=True)
    status = world.close()
    print('kernel: %u random frames, seed %u, %u differ, %u limited by Linux' %
          (count, seed, failed, excused))
    return 1 if failed or status else 0
