// Amounts in MEDC.

const UNIT = 10n ** 12n;

/** An amount with as many digits as it needs, at most six after the point. */
export function medc(plancks: bigint): string {
  const sign = plancks < 0n ? '−' : '';
  const value = plancks < 0n ? -plancks : plancks;
  // Rounded up, so that nobody pays more than was shown.
  const millionths = (value + 999_999n) / 1_000_000n;
  const whole = millionths / 1_000_000n;
  const rest = (millionths % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return `${sign}${whole}${rest ? `.${rest}` : ''} MEDC`;
}

export { UNIT };
