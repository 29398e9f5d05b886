// TypeIDs (https://github.com/jetify-com/typeid): a prefix, and a UUID as 26 digits of Crockford's base 32.
import { GraphQLError } from 'graphql'

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]))
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function encode(prefix, uuid) {
  const hex = uuid.replaceAll('-', '')
  let text = ''
  // 26 digits are 130 bits, and a UUID has 128: the first digit begins with two zeros.
  let bits = 2
  let held = 0
  for (let at = 0; at < 32; at += 2) {
    held = (held << 8) | Number.parseInt(hex.slice(at, at + 2), 16)
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += DIGITS[held >> bits]
      held &= (1 << bits) - 1
    }
  }
  return `${prefix}_${text}`
}

export function decode(prefix, id) {
  const start = prefix.length + 1
  if (id.length !== start + 26 || !id.startsWith(`${prefix}_`)) throw unacceptable(prefix)
  let hex = ''
  let bits = -2
  let held = 0
  for (let at = start; at < id.length; at += 1) {
    const value = VALUES.get(id[at])
    if (value === undefined) throw unacceptable(prefix)
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      hex += HEX[(held >> bits) & 255]
      held &= (1 << bits) - 1
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function unacceptable(prefix) {
  return new GraphQLError(`this is no id of a ${prefix}`, { extensions: { code: 'BAD_USER_INPUT' } })
}
