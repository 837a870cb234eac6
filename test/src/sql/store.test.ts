import { conformsAsStore } from '../../conformance/storage.ts'
import { onEachDatabase } from '../../support/databases.ts'

onEachDatabase('a store', conformsAsStore)
