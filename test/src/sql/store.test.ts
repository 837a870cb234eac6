import { conformsAsStore } from '../../conformance/store.ts'
import { onEachDatabase } from '../../support/databases.ts'

onEachDatabase('a store', conformsAsStore)
