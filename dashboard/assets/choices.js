// Recipes as radio buttons, a card each.

export function render({ model, el }) {
  const name = `choices-${Math.random()}`
  const inputs = model.choices.map(([value]) => make("input", { type: "radio", name, value }))
  const cards = model.choices.map(([, title, words, cost], at) =>
    make("label", { className: "choice" }, inputs[at],
      make("b", { textContent: title }), make("span", { textContent: words }), make("span", { className: "cost", textContent: cost })))
  const fields = make("fieldset", { className: "offer" }, make("legend", { textContent: "How well shall it learn?" }), ...cards)
  el.replaceChildren(fields, make("p", { className: "quiet", textContent: model.measured }))
  const show = () => {
    for (const input of inputs) input.checked = input.value === model.chosen
  }
  fields.addEventListener("change", (event) => (model.chosen = event.target.value))
  model.on("chosen", show)
  show()
}
