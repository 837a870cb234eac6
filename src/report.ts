/** Where an engine reports what people should know. */
export interface Report {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/** Reports nothing. */
export const SILENT: Report = { info() {}, warn() {}, error() {} }
