/** Faulty copies of bytes, the same ones in every run. */

/** Numbers that look like chance (xorshift32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function addFault(bytes: Uint8Array, random: (below: number) => number): void {
  const at = random(bytes.length);
  const numbers = [0, 1, 0xff, 0xffff_ffff, bytes.length, 0x8000_0000];
  switch (random(4)) {
    case 0:
      bytes[at] = random(256);
      return;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return;
    case 2:
      bytes.copyWithin(at, random(bytes.length), random(bytes.length));
      return;
    default:
      new DataView(bytes.buffer).setUint32(Math.min(at, bytes.length - 4), numbers[random(numbers.length)] ?? 0, true);
  }
}

/** Copies with one to four faults each: other bytes, flipped bits, parts of themselves, numbers that lengths may be. */
export function mutateBytes(bytes: Uint8Array, count: number, seed: number): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const copy = Uint8Array.from(bytes);
    for (let faults = 1 + random(4); faults > 0; faults--) addFault(copy, random);
    return copy;
  });
}
