/** Ids of the sections, in the order in which a module holds them (Wasm core spec, 5.5.2). */
export const SECTION = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const

/** Section ids in file order; tag stands between memory and global, data count before code. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

/** What an import or an export is. */
export type ExternalKind = 'function' | 'table' | 'memory' | 'global' | 'tag'

/** What a module asks of its host. */
export interface ImportDescriptor {
  readonly module: string
  readonly name: string
  readonly kind: ExternalKind
  /** of a function, such as `(i32, i64) -> (i32)` */
  readonly signature?: string
}

/** What a module offers to its host. */
export interface ExportDescriptor {
  readonly name: string
  readonly kind: ExternalKind
  /** of a function, such as `() -> ()` */
  readonly signature?: string
}

/** The contents of a section: bytes `[start, end)` of the module. */
export interface Section {
  readonly id: number
  readonly start: number
  readonly end: number
}

/** A custom section; `start` is after its name. */
export interface CustomSection {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** A function type, and where its value types stand in the module, so that they can be copied. */
export interface FunctionType {
  readonly params: readonly string[]
  readonly results: readonly string[]
  /** the same as codes of `binary/value-type.ts` */
  readonly paramTypes: readonly number[]
  readonly resultTypes: readonly number[]
  readonly paramsStart: number
  readonly paramsEnd: number
  readonly resultsStart: number
  readonly resultsEnd: number
}

/** A 32-bit memory, in pages of 64 KiB. */
export interface MemoryType {
  readonly pagesInitial: number
  /** 65,536 if the module names none */
  readonly pagesMax: number
  readonly isImported: boolean
  /** of several threads, only with the option `threads` */
  readonly isShared: boolean
  /** where its limits stand in the module */
  readonly start: number
  readonly end: number
}

/** A table of this module's own. */
export interface TableType {
  readonly entriesInitial: number
  readonly entriesMax: number | undefined
  /** where its limits stand in the module */
  readonly start: number
  readonly end: number
}

/** Proposals that are only run on demand. */
export interface ModuleFeatures {
  /** shared memories and atomic instructions; default false */
  readonly threads?: boolean
}

/** A module, decoded section by section; offsets point into `bytes`, which it borrows. */
export interface Module {
  readonly bytes: Uint8Array
  /** known sections, by id */
  readonly sections: ReadonlyMap<number, Section>
  readonly customSections: readonly CustomSection[]
  readonly types: readonly FunctionType[]
  /** for each type the first one that equals it */
  readonly canonicalTypes: readonly number[]
  readonly imports: readonly ImportDescriptor[]
  readonly exports: readonly ExportDescriptor[]
  /** type index of each function, imported ones first */
  readonly functionTypes: Uint32Array
  readonly importedFunctionCount: number
  /** 1 for each function that something other than a direct call can reach: exports, elements, globals, start */
  readonly escapes: Uint8Array
  /** 1 for each function that `ref.func` may name in a body */
  readonly declared: Uint8Array
  /** start and end of the body of each defined function */
  readonly bodies: Uint32Array
  readonly tables: readonly TableType[]
  readonly importedTableCount: number
  /** type of the entries of each table, imported ones first; types are codes of `binary/value-type.ts` */
  readonly tableTypes: readonly number[]
  readonly memory: MemoryType | undefined
  readonly globalCount: number
  /** type of each global, imported ones first */
  readonly globalTypes: readonly number[]
  readonly globalIsMutable: readonly boolean[]
  /** type of each element segment */
  readonly elementTypes: readonly number[]
  /** data segments by the data count section, which code that names one needs */
  readonly dataCount: number | undefined
  /** type index of each tag */
  readonly tagTypes: readonly number[]
  readonly startFunction: number | undefined
}
