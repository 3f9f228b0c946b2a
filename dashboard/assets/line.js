// The page's line to the server. `tell(state)` hears how it is: fine, quiet (no sign of life for a while) or lost. A lost
// line is taken up again, and the session is found as it was left; where the server refuses that, as it no longer knows
// the session, `leave` is to load the page anew.

const QUIET = 3000 // ms without a sign of life, after which people are told
const DEAD = 12000 // ms without one, after which the line is taken for lost: a phone's breaks without a word
const ASK = 3000 // ms between two questions for one
const OPENING = 10000 // ms that a new line may take to open
const PULLING = 60000 // ms until all that the page shows has come through it
const LONGEST = 15000 // ms between two attempts

function makeLine(document, { ask, tell, leave }) {
  let state = "fine"
  let lost = null // Bokeh's word of the loss, by which the line is taken up
  let asked = null // when the sign of life was asked for that has not come
  let heard = performance.now()
  let attempts = 0
  let isTakingUp = false
  let isTrying = false
  let wasThere = true // the server, when it was last asked
  let timer = null

  const enter = (next) => tell((state = next))
  const later = (milliseconds, act) => {
    clearTimeout(timer)
    timer = setTimeout(act, milliseconds)
  }
  const tryLater = () => later(Math.min(LONGEST, 1000 * 2 ** attempts++) * (0.75 + Math.random() / 4), tryNow)
  const isOpen = () => window.fastnetSocket.readyState === WebSocket.OPEN

  const look = (isImpatient) => {
    if (state === "lost" || window.document.hidden) return
    const now = performance.now()
    if (asked !== null && window.fastnetSocket.heard > asked) hear() // whatever it was
    if (asked === null && (isImpatient || now - heard > ASK)) {
      asked = now
      ask()
    }
    if (asked === null) return
    if (now - asked > DEAD) giveUp()
    else if (now - asked > QUIET && state === "fine") enter("quiet")
  }
  const hear = () => {
    asked = null
    heard = performance.now()
    if (state === "quiet") enter("fine")
  }
  const giveUp = () => {
    enter("lost")
    later(1000, tryNow) // if Bokeh does not tell of the loss
    hangUp(window.fastnetSocket)
  }

  const tryNow = async () => {
    if (isTrying) return
    clearTimeout(timer)
    isTrying = true
    const isThere = await serverAnswers()
    isTrying = false
    if (isThere && !wasThere) attempts = 0 // it has just come back
    wasThere = isThere
    if (!isThere) tryLater()
    else if (lost) takeUp()
    else if (!leave()) tryLater()
  }
  const takeUp = () => {
    isTakingUp = true
    lost.reconnect()
    later(OPENING, () => (isOpen() ? later(PULLING, giveUp) : giveUp()))
  }
  const lose = (_, event) => {
    lost = event
    const connection = event.connection.deref()
    forgetHalves(connection)
    takeUpWhole(connection)
    enter("lost")
    const isFirst = !isTakingUp
    isTakingUp = false
    if (isFirst) tryNow()
    else if (!(window.fastnetSocket.wasClean && leave())) tryLater() // one that is slow or breaks may be had the next time
  }
  const resume = () => {
    clearTimeout(timer)
    attempts = 0
    wasThere = true
    isTakingUp = false
    hear()
    enter("fine")
  }
  const hurry = () => {
    if (window.document.hidden) return
    if (state !== "lost") look(true)
    else if (!isTakingUp) tryNow()
  }

  document.on_event("connection_lost", lose)
  document.on_event("client_reconnected", resume)
  setInterval(look, 1000)
  window.addEventListener("online", hurry)
  window.document.addEventListener("visibilitychange", hurry)
  return { hear }
}

// A browser may wait a minute for the other side's good-bye; it is told of the loss at once.
function hangUp(socket) {
  const { onclose } = socket
  socket.onclose = socket.onmessage = socket.onerror = null
  socket.close()
  onclose?.(new CloseEvent("close", { code: 1006 }))
}

// Whether the server is there: it has a small file from which the page took a script.
async function serverAnswers() {
  const script = [...document.scripts].find(({ src }) => src.startsWith(location.origin))
  try {
    return (await fetch(script.src, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000) })).ok
  } catch {
    return false
  }
}

// A message comes in several frames, and Bokeh would take the first ones of the next line for the rest of one whose line
// was cut between them. It closes a line that it cannot follow with a code that browsers refuse; that line would stay
// open and be deaf.
function forgetHalves(connection) {
  connection._receiver = new connection._receiver.constructor()
  connection._close_bad_protocol = () => connection.socket && hangUp(connection.socket)
}

// Bokeh 3.9 takes up a session without the arrays of its figures, which come beside the document, and tells the server of
// all that it just got from there.
function takeUpWhole(connection) {
  connection._repull_session_doc = async (resolve, reject) => {
    try {
      const { doc_json, buffers } = await connection._pull_doc_json()
      const { document } = connection.session
      replace(document, document.constructor.from_json(doc_json, [], buffers))
      resolve(connection.session)
    } catch (error) {
      reject(error)
    }
  }
}

function replace(document, fresh) {
  const { config } = fresh
  const roots = [...fresh.roots()]
  document.clear({ sync: false })
  fresh.clear({ sync: false })
  document.config = config
  for (const root of roots) document.add_root(root, { sync: false })
}
