// The animation by itself: it moves while `playing`.

export function render({ model, el }) {
  const lottie = makeLottie(model.source)
  lottie.picture.setAttribute("aria-label", model.label)
  const player = makePlayer(model.source, lottie)
  el.replaceChildren(make("div", { className: "lottie" }, lottie.picture))
  const update = () => player.play(model.playing)
  model.on("playing", update)
  model.on("remove", player.end)
  update()
}
