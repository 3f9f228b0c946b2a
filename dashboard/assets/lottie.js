// Plays the part of Lottie (lottie.github.io/lottie-spec) that lottie.py lets through, as SVG: shape layers, groups,
// ellipses, rectangles and paths with strokes, fills and trims. What moves are transforms, opacities and trims. The
// class of a stroke or fill ("cl") lets a stylesheet colour it.

const CAPS = [, "butt", "round", "square"]
const JOINS = [, "miter", "round", "bevel"]

// The picture, and what shows it at a frame.
function makeLottie(source) {
  const changes = [] // each a function of the frame
  const picture = svg("svg", { viewBox: `0 0 ${source.w} ${source.h}`, role: "img" })
  picture.append(...source.layers.map((layer) => makeLayer(layer, changes)).reverse()) // what comes first lies on top
  return { picture, show: (frame) => changes.forEach((change) => change(frame)) }
}

function makeLayer({ ks, shapes, ip, op }, changes) {
  const layer = svg("g", {}, ...shapes.map((group) => makeGroup(group.it, changes)).reverse())
  changes.push((frame) => layer.setAttribute("display", ip <= frame && frame < op ? "inline" : "none"))
  transform(layer, ks, changes)
  return layer
}

// Each stroke and fill of a group paints all of its shapes.
function makeGroup(items, changes) {
  const of = (...types) => items.filter(({ ty }) => types.includes(ty))
  const path = of("el", "rc", "sh").map(outline).join("")
  const paints = of("st", "fl").map((paint) => makePaint(paint, path, of("tm")[0], changes))
  const group = svg("g", {}, ...[...paints, ...of("gr").map(({ it }) => makeGroup(it, changes))].reverse())
  transform(group, of("tr")[0], changes)
  return group
}

function makePaint({ ty, cl, c, o, w, lc, lj }, d, trim, changes) {
  const colour = `rgb(${c.k.slice(0, 3).map((part) => 255 * part)})`
  const pen = { fill: "none", stroke: colour, "stroke-width": w?.k, "stroke-linecap": CAPS[lc], "stroke-linejoin": JOINS[lj] }
  const path = svg("path", { d, class: cl ?? "", ...(ty === "st" ? pen : { fill: colour }) })
  changing([o], changes, ([opacity]) => path.setAttribute("opacity", opacity / 100))
  if (trim) {
    path.setAttribute("pathLength", 1)
    changing([trim.s, trim.e], changes, ([start], [end]) => {
      path.setAttribute("display", end > start ? "inline" : "none") // or a round pen would leave a dot
      path.setAttribute("stroke-dasharray", `0 ${start / 100} ${(end - start) / 100} 2`)
    })
  }
  return path
}

function transform(element, { a, p, s, r, o }, changes) {
  changing([a, p, s, r, o], changes, ([ax, ay], [x, y], [sx, sy], [turn], [opacity]) => {
    element.setAttribute("transform", `translate(${x} ${y}) rotate(${turn}) scale(${sx / 100} ${sy / 100}) translate(${-ax} ${-ay})`)
    element.setAttribute("opacity", opacity / 100)
  })
}

// Set what depends on properties once, and at each frame if one of them is animated.
function changing(properties, changes, set) {
  const change = (frame) => set(...properties.map((property) => valueAt(property, frame)))
  change(0)
  if (properties.some(({ a }) => a)) changes.push(change)
}

function valueAt({ a, k }, frame) {
  if (!a) return [].concat(k)
  const at = Math.max(0, k.findLastIndex(({ t }) => t <= frame))
  const [key, next] = [k[at], k[at + 1]]
  if (!next || key.h || frame <= key.t) return key.s
  const share = eased(key, (frame - key.t) / (next.t - key.t))
  return key.s.map((from, index) => from + share * (next.s[index] - from))
}

// A cubic Bézier curve from (0, 0) to (1, 1) leads from time to progress; bisection finds the place on the curve.
function eased({ o, i }, time) {
  const bezier = (from, to, t) => 3 * (1 - t) ** 2 * t * from + 3 * (1 - t) * t ** 2 * to + t ** 3
  let [low, high] = [0, 1]
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2
    if (bezier(o.x, i.x, middle) < time) low = middle
    else high = middle
  }
  return bezier(o.y, i.y, low)
}

// ---- Shapes as the paths of SVG ----

function outline(shape) {
  return { el: ellipse, rc: rectangle, sh: curves }[shape.ty](shape)
}

function ellipse({ p, s }) {
  const [[x, y], [rx, ry]] = [p.k, s.k.map((side) => side / 2)]
  return `M${x} ${y - ry}A${rx} ${ry} 0 0 1 ${x} ${y + ry}A${rx} ${ry} 0 0 1 ${x} ${y - ry}Z`
}

function rectangle({ p, s, r }) {
  const [[x, y], [width, height]] = [p.k, s.k]
  const round = Math.min(r.k, width / 2, height / 2)
  const [left, top, across, down] = [x - width / 2, y - height / 2, width - 2 * round, height - 2 * round]
  const corner = (dx, dy) => `a${round} ${round} 0 0 1 ${dx * round} ${dy * round}`
  return `M${left + round} ${top}h${across}${corner(1, 1)}v${down}${corner(-1, 1)}h${-across}${corner(-1, -1)}v${-down}${corner(1, -1)}Z`
}

function curves({ ks: { k } }) {
  const { v, i, o, c } = k
  const bend = (from, to) => `C${add(v[from], o[from])} ${add(v[to], i[to])} ${v[to]}`
  const bends = v.slice(1).map((_, at) => bend(at, at + 1))
  return `M${v[0]}${bends.join("")}${c ? bend(v.length - 1, 0) + "Z" : ""}`
}

const add = ([x, y], [dx, dy]) => [x + dx, y + dy]

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

// ---- Time ----

// A function that lets the picture move or stand still at its end. It stands still, too, for people who prefer reduced
// motion, and while nobody sees it.
function makePlayer(source, { picture, show }) {
  let [wanted, seen, request, shown] = [false, true, 0, -1]
  const showOnce = (frame) => {
    if (frame !== shown) show(frame)
    shown = frame
  }
  const update = () => {
    cancelAnimationFrame(request)
    const isMoving = wanted && !isStill.matches
    picture.dataset.moving = isMoving
    if (!isMoving) showOnce(source.op - 1)
    else if (seen) request = requestAnimationFrame(start)
  }
  const start = (began) => {
    const step = (now) => {
      showOnce(source.ip + (Math.floor(((now - began) / 1000) * source.fr) % (source.op - source.ip)))
      request = requestAnimationFrame(step)
    }
    step(began)
  }
  const watching = new IntersectionObserver(([{ isIntersecting }]) => {
    seen = isIntersecting
    update()
  })
  watching.observe(picture)
  isStill.addEventListener("change", update)
  const play = (isWanted) => {
    wanted = isWanted
    update()
  }
  const end = () => {
    play(false)
    watching.disconnect()
    isStill.removeEventListener("change", update)
  }
  return { play, end }
}
