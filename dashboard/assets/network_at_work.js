// A board, and the network that reads it while one draws. All of it is computed here: Python only sends the weights.

export function render({ model, el }) {
  const canvas = make("canvas", { className: "slate", role: "img", ariaLabel: "Paper to draw a digit on" })
  const hint = make("p", { className: "hint", textContent: "Draw a digit" })
  const paper = make("div", { className: "paper" }, canvas, hint)
  const button = (textContent) => make("button", { type: "button", className: "tool", textContent })
  const [example, undo, clear] = [button("Write one"), button("Undo"), button("Clear")]
  const tools = make("div", { className: "tools", role: "toolbar", ariaLabel: "Drawing tools" }, example, undo, clear)
  const note = make("p", { className: "quiet" })
  const story = make("p", { className: "story" })
  const view = makeNetworkView()
  el.replaceChildren(make("div", { className: "card-order" }, story, make("div", { className: "at-work" }, make("div", {}, paper, tools), view.element), note))

  let isAwaited = false
  let isExample = false
  let isDone = true
  let isUnused = true
  const readSoon = ({ isBlank, canUndo, isResting }) => {
    hint.hidden = !isBlank
    clear.disabled = isBlank
    undo.disabled = !canUndo
    isDone = isResting
    if (isAwaited) return
    isAwaited = true
    requestAnimationFrame(() => {
      isAwaited = false
      const digits = cutOut(board.drawing())
      view.show(digits.length ? toMnistForm(digits[0].ink) : null, isDone)
      note.textContent = digits.length > 1 ? `You drew ${digits.length} digits: this is the first.` : model.problem
    })
  }
  const board = makeBoard(canvas, readSoon)
  const write = () => {
    isExample = true
    drawExample(board)
  }
  example.addEventListener("click", write)
  undo.addEventListener("click", board.undo)
  clear.addEventListener("click", () => board.draw([]))
  paper.addEventListener("pointerdown", () => {
    if (isExample) board.draw([]) // who begins to draw wants paper of their own
    isExample = false
  }, { capture: true })
  readSoon({ isBlank: true, canUndo: false, isResting: true })

  const load = () => {
    const { facts } = model.shown
    if (!facts) return
    view.load(model.shown)
    story.textContent = `These are the ${facts.parameters.toLocaleString("en")} numbers of ${facts.name} at work, in your own browser. What you draw lights up units; lit units speak for digits, and the loudest digit wins.`
    if (isUnused) write()
    isUnused = false
  }
  model.on("shown", load)
  model.on("remove", view.end)
  load()
}
