// The colours of signed numbers: blue adds, orange takes away; told apart with any colour vision.

const FOR = [72, 166, 245]
const AGAINST = [245, 128, 37]

const colourOf = (number) => (number >= 0 ? FOR : AGAINST)
