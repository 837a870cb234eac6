import { make, makeButton } from './elements.ts'

/**
 * Asks whether to do what cannot be taken back. Escape is no, and so is what has the focus at first.
 *
 * @param place where the question stands in the page
 * @param question names what it is about
 * @param yes what the button says that does it
 * @param no what the button says that does not
 */
export function ask(
  place: HTMLElement,
  question: string,
  yes: string,
  no: string,
): Promise<boolean> {
  const dialog = make('dialog', 'mqueue-question')
  const text = make('p', '', question)
  text.id = 'mqueue-sidebar-question'
  dialog.setAttribute('role', 'alertdialog')
  dialog.setAttribute('aria-labelledby', text.id)
  const buttons = make('div', 'mqueue-buttons')
  const refuse = makeButton('times', no, () => dialog.close())
  refuse.autofocus = true
  const agree = makeButton('check', yes, () => dialog.close('yes'))
  agree.classList.add('primary')
  buttons.append(refuse, agree)
  dialog.append(text, buttons)
  place.append(dialog)
  // What is typed here is for nothing behind it.
  dialog.addEventListener('keydown', (event) => event.stopPropagation())
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes')
      dialog.remove()
    })
    dialog.showModal()
  })
}
