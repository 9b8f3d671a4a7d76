// The code page of a text that is not UTF-8, guessed as the service guesses it (app/datasets/readers/code_pages.py).

const LEAD_SHARE = 1 / 3;
const RUN_SHARE = 0.6;
const SHORTEST_RUN = 3;
/** Ł Ą Ż ł ą ź Ź ť: signs in Windows-1252, so that no letter follows them there. */
const CENTRAL_WITHIN_WORDS = new Set([0xa3, 0xa5, 0xaf, 0xb3, 0xb9, 0x9f, 0x8f, 0x9d]);
/** ě and ř, ő and ű: in Windows-1252 letters of two languages. */
const CENTRAL_TOGETHER = [
  [0xec, 0xf8],
  [0xf5, 0xfb],
];
const TURKISH = [0xd0, 0xdd, 0xde, 0xf0, 0xfd, 0xfe];
/** Á Æ Í Ó Ú: Icelandic and Czech have them beside the letters that share their bytes with Turkish ones. */
const NEVER_TURKISH = [0xc1, 0xc6, 0xcd, 0xd3, 0xda, 0xe1, 0xe6, 0xed, 0xf3, 0xfa];

/** The label that `TextDecoder` takes. */
export function codePage(bytes: Uint8Array): string {
  const present = new Set<number>();
  let [numHigh, numLeads, numLetters, numInRuns, run, isCentral] = [0, 0, 0, 0, 0, false];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    run = byte < 0x80 ? 0 : run + 1;
    if (!run) continue;
    const after = bytes[at + 1] ?? 0;
    present.add(byte);
    numHigh += 1;
    if (byte >= 0xc0) numLetters += 1;
    if (byte >= 0x81 && byte <= 0x9f) numLeads += 1;
    if (run >= SHORTEST_RUN) numInRuns += run === SHORTEST_RUN ? SHORTEST_RUN : 1;
    if (CENTRAL_WITHIN_WORDS.has(byte) && ((after >= 0x61 && after <= 0x7a) || after >= 0xc0)) isCentral = true;
  }
  if (numHigh && numLeads >= LEAD_SHARE * numHigh && isJapanese(bytes)) return 'shift_jis';
  if (numHigh && Math.min(numInRuns, numLetters) >= RUN_SHARE * numHigh) return 'windows-1251';
  if (isCentral || CENTRAL_TOGETHER.some((pair) => pair.every((byte) => present.has(byte)))) return 'windows-1250';
  if (TURKISH.some((byte) => present.has(byte)) && !NEVER_TURKISH.some((byte) => present.has(byte))) return 'windows-1254';
  return 'windows-1252';
}

function isJapanese(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('shift_jis', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
