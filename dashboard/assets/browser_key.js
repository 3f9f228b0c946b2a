// A random key by which the server knows this browser again: what it saved, it may delete.

const MEMORY = "fastnet-key"

export function render({ model }) {
  const known = remembered(MEMORY)
  const key = /^[0-9a-f]{32}$/.test(known) ? known : randomKey()
  remember(MEMORY, key)
  model.send_msg({ key })
}

// Not randomUUID: browsers offer that to secure pages alone.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}
