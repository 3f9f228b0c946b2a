// The network: from 784 pixels to the probability of each class, in float32, as fastnet's Predictor computes it.

// A probability for people, as `in_percent` of Python tells it: nothing is quite certain, and nothing quite impossible.
function percentOf(probability) {
  const told = (100 * probability).toFixed(1)
  return { "0.0": "<0.1%", "100.0": ">99.9%" }[told] ?? `${told}%`
}

// The layers, from one row of float16 numbers: the weights (n_in, n_out) and biases of each, in their order.
function unpackLayers(base64, sizes) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const numbers = float32Of(new Uint16Array(bytes.buffer))
  let at = 0
  const take = (n) => numbers.subarray(at, (at += n))
  return sizes.slice(1).map((nOut, number) => ({ weights: take(sizes[number] * nOut), biases: take(nOut) }))
}

// A float16's bits, moved to where float32 has them, are its number but for the bias of the exponent.
function float32Of(halves) {
  const numbers = new Float32Array(halves.length)
  const bits = new Uint32Array(numbers.buffer)
  for (let at = 0; at < halves.length; at++) bits[at] = ((halves[at] & 0x8000) << 16) | ((halves[at] & 0x7fff) << 13)
  return numbers.map((number) => number * 2 ** 112)
}

// What each hidden layer answers, and the logits.
function forward(layers, pixels, pixelScale) {
  const scale = Math.fround(pixelScale)
  const answers = [Float32Array.from(pixels, (pixel) => pixel * scale)]
  for (const [number, layer] of layers.entries()) {
    const sums = throughLayer(layer, answers.at(-1))
    answers.push(number < layers.length - 1 ? sums.map((sum) => Math.max(sum, 0)) : sums)
  }
  const logits = answers.pop()
  return { hidden: answers.slice(1), last: answers.at(-1), logits }
}

function throughLayer({ weights, biases }, inputs) {
  const sums = biases.slice()
  for (const [row, input] of inputs.entries()) {
    if (input === 0) continue // most pixels are paper
    const start = row * sums.length
    for (let unit = 0; unit < sums.length; unit++) sums[unit] += input * weights[start + unit]
  }
  return sums
}

function softmax(logits) {
  const most = Math.max(...logits)
  const exponentials = logits.map((logit) => Math.exp(logit - most))
  const sum = exponentials.reduce((total, each) => total + each, 0)
  return exponentials.map((each) => each / sum)
}

// How much an image is like a digit rather than other things (log odds), from the last layer's input and its logits.
function likenessOf(weights, last, logits) {
  const traits = [...last, ...logits.slice().sort()]
  return traits.reduce((sum, trait, at) => sum + trait * weights[at], weights.at(-1))
}

function verdictOn({ likeness, unsureBelow, noDigitBelow, leastProbability }, last, logits, probability) {
  if (!likeness) return "sure" // a model without calibration answers whatever it is shown
  const odds = likenessOf(likeness, last, logits)
  if (odds < noDigitBelow) return "no digit"
  return odds < unsureBelow || probability < leastProbability ? "unsure" : "sure"
}

// From facts and weights, the function that answers 784 pixels of 0 (black) to 255 (ink).
function makePredict(facts, layers) {
  return (pixels) => {
    const { hidden, last, logits } = forward(layers, pixels, facts.pixelScale)
    const probabilities = softmax(logits.map((logit) => logit / Math.fround(facts.temperature)))
    const ranking = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a])
    const label = facts.classes[ranking[0]]
    const verdict = verdictOn(facts, last, logits, probabilities[ranking[0]])
    return { label, ranking, probabilities, logits, hidden, verdict }
  }
}
