// The chosen model in the bar at the top: how often it is right and how large it is. A click opens its specs.

export function render({ model, el }) {
  const button = make("button", { type: "button", className: "chip", title: "Specs of the model" })
  button.addEventListener("click", () => model.send_msg("open"))
  el.replaceChildren(button)
  const show = () => {
    const [first = "Specs", ...others] = model.words
    button.replaceChildren(make("b", { textContent: first }), ...others.map((word) => make("span", { textContent: `, ${word}` })))
    button.ariaLabel = ["Specs", model.words.join(", ")].filter(Boolean).join(": ")
  }
  model.on("words", show)
  show()
}
