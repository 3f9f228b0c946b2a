// The animation by itself: it moves while `playing`. When it begins to, it comes into sight with what stands below it: on a
// phone it would start unseen, below the button that was pressed.

export function render({ model, el }) {
  const lottie = makeLottie(model.source)
  lottie.picture.setAttribute("aria-label", model.label)
  const player = makePlayer(model.source, lottie)
  const box = make("div", { className: "lottie" }, lottie.picture)
  box.style.scrollMarginBottom = "130px"
  el.replaceChildren(box)
  const update = () => player.play(model.playing)
  model.on("playing", () => {
    update()
    if (model.playing) requestAnimationFrame(() => box.scrollIntoView({ block: "nearest" }))
  })
  model.on("remove", player.end)
  update()
}
