// All pictures of an audit are one PNG, which the page holds once: any element of class "digit" shows a part of it,
// and so do tooltips of figures. Its size is its font size.

const SPRITE_COLUMNS = 64

function digitAt(place, title) {
  const digit = make("span", { className: place ? "digit" : "digit missing", title: title ?? "" })
  if (place) digit.style.backgroundPosition = `-${place[0]}em -${place[1]}em`
  return digit
}
