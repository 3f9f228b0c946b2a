// Photographs are made smaller here, before they are sent: digits need no more pixels, and where it was taken stays here,
// too. What this browser opens and the server may not, as HEIC, becomes a JPEG.

const ENOUGH_PIXELS = 4_000_000
const QUALITY = 0.92
const PHOTOGRAPH = /\.(jpe?g|jfif|heic|heif|hif|avif)$/i
const READ = /\.(jpe?g|jfif)$/i // by the server, as they are

// The file to send in place of a file: itself, where it is small enough, no photograph, or cannot be opened here.
async function reduced(file) {
  if (!PHOTOGRAPH.test(file.name)) return file
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, Math.sqrt(ENOUGH_PIXELS / (picture.width * picture.height)))
    return scale === 1 && READ.test(file.name) ? file : await asJpeg(picture, scale)
  } catch {
    return file // the server tells what is wrong with it
  }
}

async function asJpeg(picture, scale) {
  const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) })
  const context = canvas.getContext("2d")
  context.imageSmoothingQuality = "high"
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject()), "image/jpeg", QUALITY))
}
