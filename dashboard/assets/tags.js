// The tags of digits on the board: each above its digit's box, else below it, else away, so that none covers another. The
// answer beside the board has them all.

const GRAZE = 4 // px across that two may share: no letter stands there

function placeTags(marks) {
  const tags = [...marks.querySelectorAll(".box:not(.left-out) span:not(:empty)")]
  for (const tag of tags) tag.dataset.place = "above" // where all can be measured
  const places = tags.map(placesOf)
  const paper = marks.getBoundingClientRect()
  const placed = []
  tags.forEach((tag, at) => {
    const isFree = ([, area]) =>
      area.top >= paper.top && area.bottom <= paper.bottom && !placed.some((other) => overlap(area, other))
    const [name, area] = Object.entries(places[at]).find(isFree) ?? ["away"]
    tag.dataset.place = name
    if (area) placed.push(area)
  })
}

function placesOf(tag) {
  const above = tag.getBoundingClientRect()
  const { bottom } = tag.parentElement.getBoundingClientRect()
  return { above, below: new DOMRect(above.x, bottom, above.width, above.height) }
}

const overlap = (one, other) => reachOf(one, other, "left", "right") > GRAZE && reachOf(one, other, "top", "bottom") > 0
const reachOf = (one, other, from, to) => Math.min(one[to], other[to]) - Math.max(one[from], other[from])
