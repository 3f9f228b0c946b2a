// Stands before each of the other scripts: elements in one line, and whether nothing is to move.

const isStill = matchMedia("(prefers-reduced-motion: reduce)") // for those who ask for it

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}
