/**
 * Calls `changed` when people begin to see an element, and when they no longer see it. That may be because of its place
 * in the page, or because the page itself is not shown.
 */
export function watchShown(element: Element, changed: (isShown: boolean) => void): void {
  let isInView = false
  let wasShown = false
  const tell = () => {
    const isShown = isInView && document.visibilityState === 'visible'
    if (isShown === wasShown) return
    wasShown = isShown
    changed(isShown)
  }
  new IntersectionObserver((entries) => {
    isInView = entries.at(-1)?.isIntersecting ?? false
    tell()
  }).observe(element)
  document.addEventListener('visibilitychange', tell)
}
