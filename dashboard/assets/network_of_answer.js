// The network that gave the answer, folded until it is asked for: only then its weights are sent. Which digit is shown, the
// answer tells with an event.

export function render({ model, el }) {
  const view = makeNetworkView()
  const note = make("p", { className: "quiet" })
  const fold = make("details", { className: "known" }, make("summary", { textContent: "Show the network" }), view.element, note)
  el.replaceChildren(fold)

  let digit = null
  const show = () => {
    if (!fold.open) return
    const pixels = digit && Uint8Array.from(atob(digit.pixels), (character) => character.charCodeAt(0))
    view.show(pixels, digit?.heat !== "") // without votes yet, the pen is down
  }
  const follow = ({ detail }) => {
    digit = detail
    show()
  }
  const load = () => {
    if (!model.shown.weights) return
    note.textContent = model.problem
    view.load(model.shown)
    show()
  }
  fold.addEventListener("toggle", () => {
    if (!fold.open) return
    if (!model.shown.weights) model.send_msg("open")
    show()
  })
  document.addEventListener("fastnet-digit", follow)
  model.on("shown", load)
  model.on("remove", () => {
    document.removeEventListener("fastnet-digit", follow)
    view.end()
  })
  load()
}
