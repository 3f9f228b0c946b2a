// The pen of each board, of this page and of the dashboard: mouse, finger or stylus.

// Follow one pointer from down to up; the browser's coalesced events keep fast curves round.
function watchPen(canvas, { down, move, up }) {
  let active = null
  const lift = (event) => {
    if (event.pointerId !== active) return
    active = null
    up()
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (active !== null || (event.pointerType === "mouse" && event.button !== 0)) return
    event.preventDefault()
    canvas.setPointerCapture(event.pointerId)
    active = event.pointerId
    down(event)
    move(event)
  })
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return
    const events = event.getCoalescedEvents?.() ?? []
    for (const part of events.length ? events : [event]) move(part)
  })
  canvas.addEventListener("pointerup", lift)
  canvas.addEventListener("pointercancel", lift)
  return { isDown: () => active !== null }
}
