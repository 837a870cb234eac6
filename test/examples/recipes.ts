/** The recipes of docs/recipes.md: what they have one press, and what they say that a debug node then shows. */
import assert from 'node:assert/strict'
import { read } from '../support/pages.ts'
import type { Hands } from './hands.ts'

/** Something that a recipe says: a button that is pressed, or what a debug node shows next. */
export type Step = { press: string; times: number } | { debug: string; shows: string[] }

export interface Recipe {
  heading: string
  /** The flow, a path below `examples/`. */
  example: string
  steps: Step[]
}

const FLOW = /^Flow: \[[^\]]*\]\(\.\.\/examples\/([^)]*)\)/m
const STEP = /\*\*([^*]+)\*\*(?: (\d+) times)?|_([^_]+)_ shows ((?:(?:, )?`[^`]+`)+)/g

/** All of them, in the order of the page. */
export const RECIPES: readonly Recipe[] = read('docs/recipes.md')
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    heading: section.slice(0, section.indexOf('\n')),
    example: FLOW.exec(section)?.[1] ?? '',
    steps: [...section.matchAll(STEP)].map(([, press, times = '1', debug = '', shows = '']) =>
      press === undefined
        ? { debug, shows: [...shows.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text) }
        : { press, times: Number(times) },
    ),
  }))

/** Does what the recipes of an example say, one recipe after the other. */
export async function follow(hands: Hands, example: string): Promise<void> {
  const recipes = RECIPES.filter((recipe) => recipe.example === `${example}.json`)
  assert.ok(recipes.length > 0, `no recipe has the flow ${example}`)
  for (const step of recipes.flatMap(({ steps }) => steps)) {
    if ('press' in step) await hands.press(step.press, step.times)
    else for (const text of step.shows) assert.equal(await hands.next(step.debug), text, step.debug)
  }
}
