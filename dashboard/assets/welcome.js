// A few words for newcomers beside the animation. Whichever button they choose, they are newcomers no longer.

const MEMORY = "fastnet-welcomed"
const WORDS = "Draw a digit, and watch a small network read it while you draw. It was built from first principles, and runs where this page comes from: nothing you draw goes elsewhere."

export function render({ model, el }) {
  if (remembered(MEMORY)) return
  const lottie = makeLottie(model.source)
  lottie.picture.setAttribute("aria-label", "A digit is drawn, and a network reads it")
  const player = makePlayer(model.source, lottie)
  const button = (textContent, className, act) => {
    const element = make("button", { type: "button", textContent, className })
    element.addEventListener("click", () => {
      act()
      remember(MEMORY, "yes")
      player.end()
      el.replaceChildren()
    })
    return element
  }
  const choose = (detail) => () => document.dispatchEvent(new CustomEvent("fastnet-mode", { detail }))
  const buttons = [
    button("Let me draw", "button filled", choose("playful")),
    button("Show me all the figures", "button", choose("scientific")),
  ]
  const words = [make("h2", { textContent: "Welcome" }), make("p", { textContent: WORDS }), make("div", { className: "choices" }, ...buttons)]
  const section = make("section", { className: "greeting", ariaLabel: "Welcome" }, make("div", { className: "lottie" }, lottie.picture), make("div", {}, ...words))
  el.replaceChildren(section)
  player.play(true)
  model.on("remove", player.end)
}
