// A radiograph that no person ever had, as a PNG: drawn here, so that none is committed.
import { randomFillSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** CRC-32 of the PNG specification. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  return sum >>> 0;
});

function crc(bytes) {
  let sum = ~0;
  for (let index = 0; index < bytes.length; index += 1) sum = TABLE[(sum ^ bytes[index]) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, check]);
}

/** Two dark lungs in a bright chest, a spine, ribs and noise, as a PNG of 8-bit greys. */
export function film(seed, side = 600) {
  const rows = Buffer.alloc(side * (side + 1));
  let noise = seed + 1;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const [u, v] = [x / side, y / side];
      const inside = (cx, cy, rx, ry) => Math.max(0, 1 - ((u - cx) / rx) ** 2 - ((v - cy) / ry) ** 2);
      let grey = 30 + 120 * Math.min(1, 2 * inside(0.5, 0.6, 0.47, 0.64));
      grey -= 150 * Math.min(0.6, inside(0.31, 0.47, 0.165, 0.33) + inside(0.69, 0.47, 0.165, 0.33));
      if (Math.abs(u - 0.5) < 0.035) grey += 40;
      if ((v * 1000 + (u - 0.5) ** 2 * 700 + seed * 13) % 90 < 20 && Math.abs(u - 0.5) > 0.06 && v < 0.8) grey += 22;
      grey += 80 * Math.min(0.5, inside(0.56, 0.62, 0.14, 0.17));
      noise = (noise * 1103515245 + 12345) & 0x7fffffff;
      rows[y * (side + 1) + x + 1] = Math.max(0, Math.min(255, grey + (noise >> 16) % 9));
    }
  }
  return png(side, deflateSync(rows));
}

function png(side, data) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** Noise that nothing compresses, as a PNG of 8-bit greys: as large as its pixels. */
export function raw(side) {
  const rows = randomFillSync(Buffer.alloc(side * (side + 1)));
  for (let y = 0; y < side; y += 1) rows[y * (side + 1)] = 0;
  return png(side, deflateSync(rows, { level: 0 }));
}
