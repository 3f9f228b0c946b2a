// One doubtful digit after another, judged with the keyboard or the buttons; what was judged is saved as a CSV file.

const { classes, items } = JSON.parse(document.getElementById('content').textContent)
const SIDE = 28
const NONE = null // what is no digit
const UNJUDGED = undefined

const element = (id) => document.getElementById(id)
const judgements = items.map(() => UNJUDGED)
let at = 0
let isSaved = true

// ---- What is shown --------------------------------------------------------------------------------------------------

const named = (label) => (label === NONE ? 'no digit' : label)
const pixelsOf = (item) => Uint8Array.from(atob(item.pixels), (byte) => byte.charCodeAt(0))

function paint(canvas, pixels) {
  const image = new ImageData(SIDE, SIDE)
  pixels.forEach((pixel, place) => image.data.set([pixel, pixel, pixel, 255], 4 * place))
  canvas.getContext('2d').putImageData(image, 0, 0)
}

function drawPicture(item) {
  const [width, height] = item.size
  const [x0, y0, x1, y1] = item.box
  const picture = element('picture')
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
  picture.setAttribute('aria-label', `The doubtful digit in ${titleOf(item)}`)
  picture.replaceChildren(
    shape('image', { href: item.picture, width, height }),
    shape('rect', { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }),
  )
}

function shape(kind, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

const titleOf = (item) => (item.field ? `${item.path}: ${item.field}` : item.path)

function show() {
  const item = items[at]
  element('name').textContent = titleOf(item)
  drawPicture(item)
  paint(element('seen'), pixelsOf(item))
  element('answer').textContent =
    item.answer === NONE ? `no digit, else ${item.likeliest}` : `${item.answer} (${item.percent})`
  element('second').textContent = item.second ?? '\u2013'
  element('flags').textContent = item.flags.join(', ')
  element('judged').textContent = judgements[at] === UNJUDGED ? '\u2013' : named(judgements[at])
  element('before').disabled = at === 0
  element('next').disabled = at === items.length - 1
  element('none').setAttribute('aria-pressed', judgements[at] === NONE)
  classes.forEach((name, place) =>
    element('classes').children[place].setAttribute('aria-pressed', judgements[at] === name),
  )
  showAll()
}

function showAll() {
  const n = judgements.filter((label) => label !== UNJUDGED).length
  element('progress').value = n
  element('count').textContent = `${n} of ${items.length} looked at`
  element('save').disabled = !judgements.some((label) => label !== UNJUDGED && label !== NONE)
  for (const [place, { firstChild: button }] of [...element('all').children].entries()) {
    const label = judgements[place]
    button.setAttribute('aria-current', place === at)
    button.lastChild.textContent = label === UNJUDGED ? '?' : label === NONE ? '\u00d7' : label
    button.lastChild.className = label === UNJUDGED ? '' : 'judged'
    const said = label === UNJUDGED ? 'not looked at' : named(label)
    button.setAttribute('aria-label', `${place + 1}: ${titleOf(items[place])}, ${said}`)
    if (place === at) reveal(button)
  }
}

// Within the list, where it scrolls by itself; the page stays where it is.
function reveal(button) {
  const list = button.closest('nav')
  const place = button.getBoundingClientRect().top - list.getBoundingClientRect().top
  if (place < 0 || place + button.offsetHeight > list.clientHeight) list.scrollTop += place - list.clientHeight / 2
}

function addButtons() {
  for (const name of classes) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = name
    button.onclick = () => judge(name)
    element('classes').append(button)
  }
  for (const [place, item] of items.entries()) {
    const [entry, button, canvas, label] = ['li', 'button', 'canvas', 'span'].map((tag) => document.createElement(tag))
    canvas.width = canvas.height = SIDE
    paint(canvas, pixelsOf(item))
    button.type = 'button'
    button.onclick = () => go(place)
    button.append(canvas, label)
    entry.append(button)
    element('all').append(entry)
  }
}

// ---- What is done ---------------------------------------------------------------------------------------------------

function go(place) {
  at = Math.min(Math.max(place, 0), items.length - 1)
  show()
}

function judge(label) {
  judgements[at] = label
  isSaved = false
  element('said').textContent = `${at + 1} is ${named(label)}`
  go(at + 1)
}

const accept = () => judge(items[at].answer)

const KEYS = {
  Enter: accept,
  ' ': accept,
  Backspace: () => judge(NONE),
  ArrowLeft: () => go(at - 1),
  ArrowRight: () => go(at + 1),
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const isOnButton = event.target instanceof HTMLButtonElement
  if (isOnButton && (event.key === 'Enter' || event.key === ' ')) return // it is pressed
  const act = KEYS[event.key] ?? (classes.includes(event.key) ? () => judge(event.key) : null)
  if (!act) return
  event.preventDefault()
  act()
}

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function corrections() {
  const header = ['label', ...Array.from({ length: SIDE * SIDE }, (_, place) => `pixel${place}`)]
  const rows = items.flatMap((item, place) =>
    judgements[place] === UNJUDGED || judgements[place] === NONE
      ? []
      : [[quoted(judgements[place]), ...pixelsOf(item)].join(',')],
  )
  return [header.join(','), ...rows, ''].join('\n')
}

function save() {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([corrections()], { type: 'text/csv' }))
  link.download = 'corrections.csv'
  link.click()
  URL.revokeObjectURL(link.href)
  isSaved = true
  element('said').textContent = 'saved as corrections.csv'
}

if (items.length) {
  element('progress').max = items.length
  addButtons()
  show()
  element('before').onclick = () => go(at - 1)
  element('next').onclick = () => go(at + 1)
  element('accept').onclick = accept
  element('none').onclick = () => judge(NONE)
  element('save').onclick = save
  addEventListener('keydown', onKey)
  addEventListener('beforeunload', (event) => isSaved || event.preventDefault())
} else {
  for (const id of ['review', 'save']) element(id).hidden = true
  document.querySelector('.progress').hidden = true
  element('nothing').hidden = false
}
