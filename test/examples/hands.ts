/** What it takes to try an example: buttons to press, and what the debug nodes show. */
export interface Hands {
  /** The address of the Node-RED that runs the example. */
  readonly url: string
  /** Presses the button of the inject node of that name. */
  press(inject: string, times?: number): Promise<void>
  /** Waits for the next message of the debug node of that name, and returns it as text. */
  next(debug: string): Promise<string>
  /** The newest status of the debug node of that name; empty while it has none. */
  status(debug: string): Promise<string>
  /** Ends the Node-RED process without a word, and starts it again. */
  crash(): Promise<void>
}
