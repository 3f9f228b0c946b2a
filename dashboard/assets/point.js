// The chosen digit: its card is brought into sight when another one is chosen, wherever on the page that was done.

const isStill = matchMedia("(prefers-reduced-motion: reduce)")

export function render({ model, el }) {
  const show = () => (el.innerHTML = model.content)
  model.on("content", () => {
    show()
    el.scrollIntoView({ block: "nearest", behavior: isStill.matches ? "instant" : "smooth" })
  })
  show()
}
