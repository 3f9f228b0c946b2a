// Playful or scientific: custom properties of the page, which reach into every component, hide what is for one mode alone
// ("none") and say how large things are.

const MODES = {
  playful: {
    "--scientific": "none", "--larger": "1.15", "--strip": " ", "--audit-errors": "mistakes", "--audit-embedding": "map",
    "--audit-confident": "surest", "--training": '"form figures" "accuracy accuracy" "filters embedding"',
    "--halves": "repeat(2, minmax(0, 1fr))",
  },
  scientific: { "--playful": "none" },
}
const MEMORY = "fastnet-mode"

export function render({ model, el }) {
  const buttons = Object.keys(MODES).map((name) => {
    const textContent = name[0].toUpperCase() + name.slice(1)
    const button = make("button", { type: "button", textContent })
    button.addEventListener("click", () => (model.mode = name))
    return [name, button]
  })
  const group = { className: "modes", role: "group", ariaLabel: "How much is shown" }
  el.replaceChildren(make("div", group, ...buttons.map(([, button]) => button)))

  const show = () => {
    const chosen = model.mode || remembered(MEMORY) || "playful"
    for (const [name, button] of buttons) button.ariaPressed = String(name === chosen)
    for (const properties of Object.values(MODES)) {
      for (const property of Object.keys(properties)) document.documentElement.style.removeProperty(property)
    }
    for (const [property, value] of Object.entries(MODES[chosen] ?? {})) {
      document.documentElement.style.setProperty(property, value)
    }
  }
  const choose = (event) => (model.mode = event.detail)
  document.addEventListener("fastnet-mode", choose) // the welcome offers a choice too
  model.on("remove", () => document.removeEventListener("fastnet-mode", choose))
  model.on("mode", () => {
    if (model.mode) remember(MEMORY, model.mode)
    show()
  })
  show()
}
