/** How the sidebar looks, in the colours of the editor's theme. All of it is within the one element of the sidebar. */
export const STYLE = `
#mqueue-sidebar {
  /* A blue that differs from what is behind it, and from an error, in every theme. */
  --mqueue-blue: color-mix(in srgb, var(--red-ui-node-status-colors-blue) 70%, var(--red-ui-primary-text-color));
  container-type: inline-size;
  box-sizing: border-box;
  height: 100%;
  display: flex;
  flex-direction: column;
  position: relative;
  overflow: hidden;
  font-size: 13px;
  line-height: 18px;
  color: var(--red-ui-primary-text-color);
  background: var(--red-ui-secondary-background);
}
#mqueue-sidebar [hidden] { display: none !important; }
#mqueue-sidebar .mqueue-all {
  flex: 1;
  min-height: 0;
  display: flex;
  flex-direction: column;
}
#mqueue-sidebar .mqueue-search-row {
  display: flex;
  align-items: center;
  gap: 6px;
  padding: 5px 8px;
  border-bottom: 1px solid var(--red-ui-secondary-border-color);
}
#mqueue-sidebar .mqueue-search {
  flex: 1;
  width: 0;
  min-width: 0;
  height: 26px;
  margin: 0;
  padding: 2px 6px;
  box-sizing: border-box;
  color: var(--red-ui-form-text-color);
}
#mqueue-sidebar .mqueue-search::placeholder { color: var(--red-ui-primary-text-color); opacity: 1; }
#mqueue-sidebar .mqueue-notice {
  padding: 6px 8px;
  overflow-wrap: anywhere;
  border-left: 3px solid var(--red-ui-text-color-error);
  border-bottom: 1px solid var(--red-ui-secondary-border-color);
}
#mqueue-sidebar .mqueue-note {
  margin: 0;
  padding: 8px;
  overflow-wrap: anywhere;
}
#mqueue-sidebar .mqueue-list {
  flex: 1;
  min-height: 0;
  overflow: hidden auto;
  contain: strict;
  outline: none;
}
#mqueue-sidebar .mqueue-space { position: relative; overflow: hidden; }
#mqueue-sidebar .mqueue-line {
  position: absolute;
  inset: 0 0 auto;
  box-sizing: border-box;
  contain: strict;
  overflow: hidden;
  padding: 3px 8px;
  cursor: pointer;
  border-bottom: 1px solid var(--red-ui-secondary-border-color);
  border-left: 3px solid transparent;
}
#mqueue-sidebar .mqueue-line-node {
  height: 42px;
  padding-left: 5px;
  background: var(--red-ui-tertiary-background);
}
#mqueue-sidebar .mqueue-line-error {
  height: 36px;
  padding: 0 8px;
  font-size: 12px;
  cursor: default;
  overflow-wrap: anywhere;
  color: var(--red-ui-text-color-error);
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
}
#mqueue-sidebar .mqueue-line-queue { height: 66px; }
#mqueue-sidebar .mqueue-line-queue:hover { background: var(--red-ui-list-item-background-hover); }
#mqueue-sidebar .mqueue-line[aria-current] {
  border-left-color: var(--red-ui-list-item-border-selected);
  background: var(--red-ui-list-item-background-selected);
}
#mqueue-sidebar .mqueue-list:focus-visible .mqueue-active {
  outline: 2px solid var(--red-ui-form-input-focus-color);
  outline-offset: -2px;
}
#mqueue-sidebar .mqueue-head {
  display: flex;
  align-items: center;
  gap: 6px;
  min-width: 0;
}
#mqueue-sidebar .mqueue-head > .red-ui-button { flex: none; }
#mqueue-sidebar .mqueue-name {
  flex: 1;
  min-width: 0;
  font-weight: bold;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
}
#mqueue-sidebar .mqueue-line-node .fa { flex: none; width: 14px; font-size: 10px; text-align: center; }
#mqueue-sidebar .mqueue-line-node .mqueue-folded { transform: rotate(-90deg); }
#mqueue-sidebar .mqueue-line-node .red-ui-button {
  width: 22px;
  height: 18px;
  padding: 0;
  line-height: 16px;
}
#mqueue-sidebar .mqueue-line-node .mqueue-details { padding-left: 20px; }
#mqueue-sidebar .mqueue-size { flex: none; font-variant-numeric: tabular-nums; }
#mqueue-sidebar .mqueue-remarks {
  flex: none;
  max-width: 60%;
  padding: 0 4px;
  font-size: 11px;
  line-height: 15px;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
  border: 1px solid var(--red-ui-primary-text-color);
  border-radius: 3px;
  box-sizing: border-box;
}
#mqueue-sidebar .mqueue-remarks:empty { display: none; }
#mqueue-sidebar .mqueue-meter {
  height: 4px;
  margin: 2px 0;
  border-radius: 3px;
  overflow: hidden;
  background: var(--red-ui-secondary-border-color);
}
#mqueue-sidebar .mqueue-none { visibility: hidden; }
#mqueue-sidebar .mqueue-bar { height: 100%; background: var(--mqueue-blue); }
#mqueue-sidebar .mqueue-full { background: var(--red-ui-text-color-error); }
#mqueue-sidebar .mqueue-flow {
  display: flex;
  align-items: center;
  gap: 8px;
  height: 17px;
}
#mqueue-sidebar .mqueue-rates {
  flex: none;
  min-width: 84px;
  font-size: 12px;
  white-space: nowrap;
  font-variant-numeric: tabular-nums;
}
#mqueue-sidebar .mqueue-spark { flex: 1; min-width: 0; width: 0; height: 17px; }
#mqueue-sidebar .mqueue-spark path {
  fill: none;
  stroke-width: 1.5px;
  vector-effect: non-scaling-stroke;
  stroke-linejoin: round;
  stroke-linecap: round;
}
#mqueue-sidebar .mqueue-added { stroke: var(--mqueue-blue); }
#mqueue-sidebar .mqueue-taken { stroke: var(--red-ui-text-color-success); stroke-dasharray: 3 2; }
#mqueue-sidebar .mqueue-details {
  min-width: 0;
  font-size: 12px;
  line-height: 16px;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
}
#mqueue-sidebar .mqueue-problem {
  font-size: 12px;
  line-height: 16px;
  overflow-wrap: anywhere;
  color: var(--red-ui-text-color-error);
}
#mqueue-sidebar .mqueue-line .mqueue-problem {
  overflow: hidden;
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
}
#mqueue-sidebar .mqueue-busy { color: inherit; }
#mqueue-sidebar.mqueue-stale .mqueue-meter,
#mqueue-sidebar.mqueue-stale .mqueue-spark { opacity: 0.4; }
#mqueue-sidebar .mqueue-opened {
  flex: 1;
  min-height: 0;
  overflow: hidden auto;
  padding: 6px 8px;
  /* What has the focus is not scrolled to behind what is said of the last action. */
  scroll-padding-top: 60px;
  outline: none;
}
#mqueue-sidebar .mqueue-opened > .mqueue-head > .mqueue-details { flex: 1; text-align: right; }
#mqueue-sidebar .mqueue-opened .mqueue-view { margin: 8px 0; }
#mqueue-sidebar .mqueue-opened .mqueue-view .mqueue-name { font-size: 15px; }
#mqueue-sidebar .mqueue-opened .mqueue-view .mqueue-details { white-space: normal; overflow-wrap: anywhere; }
#mqueue-sidebar .mqueue-opened .mqueue-flow,
#mqueue-sidebar .mqueue-opened .mqueue-spark { height: 36px; }
#mqueue-sidebar .mqueue-buttons { display: flex; flex-wrap: wrap; gap: 4px; }
/* It stays in sight when the items are scrolled, and has its line before anything is said: the items do not move under the mouse. */
#mqueue-sidebar .mqueue-said {
  position: sticky;
  top: 0;
  z-index: 1;
  min-height: 18px;
  padding: 4px 0;
  overflow-wrap: anywhere;
  background: var(--red-ui-secondary-background);
}
#mqueue-sidebar .mqueue-said:empty { position: static; }
#mqueue-sidebar .mqueue-failed { color: var(--red-ui-text-color-error); }
#mqueue-sidebar summary { cursor: pointer; }
#mqueue-sidebar .mqueue-uses ul,
#mqueue-sidebar .mqueue-items ol { list-style: none; margin: 0; padding: 0; }
#mqueue-sidebar .mqueue-items-head { margin-top: 8px; }
#mqueue-sidebar h3 { flex: 1; margin: 0; font-size: 13px; line-height: 18px; font-weight: bold; }
#mqueue-sidebar .mqueue-item {
  padding: 4px 0;
  border-top: 1px solid var(--red-ui-secondary-border-color);
}
#mqueue-sidebar .mqueue-items .mqueue-head { gap: 4px; }
#mqueue-sidebar .mqueue-item > .mqueue-details { white-space: normal; overflow-wrap: anywhere; }
#mqueue-sidebar .mqueue-uses .mqueue-note { padding: 2px 0; }
#mqueue-sidebar .mqueue-opener {
  flex: 1;
  display: flex;
  align-items: baseline;
  gap: 6px;
  width: 100%;
  min-width: 0;
  padding: 2px 0;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  text-align: start;
  cursor: pointer;
}
#mqueue-sidebar .mqueue-opener > bdi {
  min-width: 0;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
}
#mqueue-sidebar .mqueue-opener:hover { background: var(--red-ui-list-item-background-hover); }
#mqueue-sidebar .mqueue-opener:focus-visible,
#mqueue-sidebar .mqueue-opened:focus-visible,
#mqueue-sidebar pre:focus-visible,
#mqueue-sidebar summary:focus-visible {
  outline: 2px solid var(--red-ui-form-input-focus-color);
  outline-offset: -2px;
}
#mqueue-sidebar .mqueue-opener > .mqueue-key { flex: 0 1 auto; max-width: 60%; font-weight: bold; }
#mqueue-sidebar .mqueue-opener > .mqueue-details { flex: 1 1 0; }
#mqueue-sidebar .mqueue-value { flex: 1 1 0; font-family: var(--red-ui-monospace-font); font-size: 12px; }
#mqueue-sidebar .mqueue-label { margin-top: 4px; font-size: 11px; }
#mqueue-sidebar .mqueue-whole {
  max-height: 300px;
  overflow: auto;
  margin: 0 0 4px;
  padding: 4px 6px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  word-break: normal;
  font-family: var(--red-ui-monospace-font);
  font-size: 12px;
  line-height: 16px;
  color: var(--red-ui-form-text-color);
  background: var(--red-ui-form-input-background);
  border: 1px solid var(--red-ui-secondary-border-color);
  border-radius: 3px;
}
#mqueue-sidebar .mqueue-piece {
  display: block;
  content-visibility: auto;
  contain-intrinsic-size: auto 1200px;
}
#mqueue-sidebar .mqueue-question {
  width: min(320px, 80vw);
  margin: auto;
  padding: 12px;
  overflow-wrap: anywhere;
  color: var(--red-ui-primary-text-color);
  background: var(--red-ui-secondary-background);
  border: 1px solid var(--red-ui-primary-border-color);
  border-radius: 4px;
}
#mqueue-sidebar .mqueue-question .mqueue-buttons { justify-content: flex-end; }
`
