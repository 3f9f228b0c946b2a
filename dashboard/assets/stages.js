// The pictures between the one that was given and the 28x28 pixels, in order.

export function render({ model, el }) {
  const strip = make("ol", { className: "stages" })
  const hint = make("p", { className: "quiet", textContent: "Each step will show here, when there is a picture." })
  el.replaceChildren(hint, strip)
  const show = () => {
    hint.hidden = model.stages.length > 0
    strip.replaceChildren(
      ...model.stages.map(({ name, src }) =>
        make("li", {}, make("img", { src, alt: "" }), make("span", { textContent: name })),
      ),
    )
  }
  model.on("stages", show)
  show()
}
