// The board's tools: pen width, eraser, undo, redo and clear.

const GLANCE = 900 // ms for which the pen's size is shown on the paper

// For a moment, in the middle of the paper, how wide the pen is that was chosen.
function showNib(nib, width) {
  nib.style.height = `${100 * width}%`
  nib.hidden = false
  clearTimeout(nib.hiding)
  nib.hiding = setTimeout(() => (nib.hidden = true), GLANCE)
}

function makeTools(showWidth) {
  const button = (textContent, title) => make("button", { type: "button", className: "tool", textContent, title })
  const width = make("input", { type: "range", min: 0.03, max: 0.14, step: 0.01, value: 0.07, ariaLabel: "Pen width" })
  const eraser = button("Erase", "Draw with the eraser")
  const undo = button("Undo", "Undo (Ctrl+Z)")
  const redo = button("Redo", "Redo (Ctrl+Shift+Z)")
  const clear = button("Clear", "Start on blank paper")
  width.addEventListener("input", () => showWidth(Number(width.value)))
  const press = (isPressed) => eraser.setAttribute("aria-pressed", isPressed)
  const isPressed = () => eraser.getAttribute("aria-pressed") === "true"
  press(false)
  eraser.addEventListener("click", () => press(!isPressed()))
  const dot = make("span", { className: "dot", ariaHidden: "true" })
  const showDot = () => dot.style.setProperty("--width", width.value / width.max)
  width.addEventListener("input", showDot)
  showDot()
  const label = make("label", { className: "width" }, make("span", { textContent: "Pen" }), dot, width)
  const bar = make("div", { className: "tools", role: "toolbar", ariaLabel: "Drawing tools" }, label, eraser, undo, redo, clear)
  return { bar, undo, redo, clear, erases: isPressed, width: () => Number(width.value) }
}
