// Says when the line to the server is lost, greys the answer meanwhile, and says afterwards what was lost with it.

const WORDS = {
  fine: "",
  quiet: "The server takes long to answer. What you draw is kept.",
  lost: "The connection to the server is lost; trying again ... What you draw is kept.",
}
const OFTEN = 15000 // ms; the page does not load itself anew sooner again
const RELOADED = "fastnet-reloaded" // when it last did
const LOSS = "fastnet-loss" // a sentence about what that cost

let line = null // one for the page, whose views come and go
let view = null // the latest
let session = ""
let held = "" // what would be lost with it
let state = "fine"
let loss = ""

export function render({ model, el }) {
  const words = make("span", {})
  const button = make("button", { type: "button", className: "tool", textContent: "OK" })
  const banner = make("div", { className: "banner" }, words, button)
  el.replaceChildren(make("div", { role: "status" }, banner))
  const show = () => {
    words.textContent = WORDS[state] || loss
    banner.hidden = !words.textContent
    button.hidden = Boolean(WORDS[state])
  }
  button.addEventListener("click", () => {
    loss = ""
    show()
  })
  view = { model, show }
  line ??= begin(model)
  if (model.session !== session && !leave()) follow(model) // another one came instead of the one that was lost
  const hold = () => (held = model.held)
  if (model.session === session) hold()
  model.on("held", hold)
  model.on("msg:custom", line.hear)
  model.send_msg("here") // from now on the session lives on without a line
  show()
}

function begin(model) {
  session = model.session
  loss = kept(LOSS) ?? ""
  keep(LOSS, null)
  window.addEventListener("pagehide", ({ persisted }) => persisted || view.model.send_msg("leaving"))
  return makeLine(model.document, { ask: () => view.model.send_msg("here"), tell, leave })
}

function tell(next) {
  state = next
  document.documentElement.style.setProperty("--connected", Number(state === "fine"))
  view.show()
}

// Load the page anew, unless it was just done; whether it is.
function leave() {
  if (Date.now() - kept(RELOADED) < OFTEN) return false
  keep(RELOADED, Date.now())
  keep(LOSS, lossOf(held))
  location.reload()
  return true
}

function follow(model) {
  session = model.session
  loss = lossOf(held)
}

const lossOf = (held) => held && `This page had to begin anew: ${held} could not be kept.`
