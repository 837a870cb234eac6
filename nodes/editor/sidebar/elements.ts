/**
 * Makes an element. Texts go in as texts, never as HTML.
 *
 * @param classes its classes, each begun with `mqueue-`
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  classes = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (classes !== '') element.className = classes
  if (text !== '') element.textContent = text
  return element
}

/** Makes an icon, which says nothing to a reader of the screen. */
export function makeIcon(name: string): HTMLElement {
  const icon = make('i', `fa fa-${name}`)
  icon.setAttribute('aria-hidden', 'true')
  return icon
}

/**
 * Makes a button.
 *
 * @param icon the name of its picture
 * @param label what it does, in words
 * @param isShort whether it shows the picture alone
 */
export function makeButton(
  icon: string,
  label: string,
  press: () => void,
  isShort = false,
): HTMLButtonElement {
  const button = make('button', 'red-ui-button red-ui-button-small')
  button.type = 'button'
  button.append(makeIcon(icon))
  if (isShort) button.title = label
  else button.append(' ', label)
  button.setAttribute('aria-label', label)
  button.addEventListener('click', (event) => {
    event.stopPropagation()
    press()
  })
  return button
}

/** Shows a text. What shows it already is left alone, so that the page has nothing to draw. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Sets an attribute, or removes it, where it is another one. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** Whether an element is shown. */
export function setShown(element: HTMLElement, isShown: boolean): void {
  if (element.hidden === isShown) element.hidden = !isShown
}
