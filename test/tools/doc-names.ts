import ts from 'typescript'

/** A name that a block declares or imports at its top. */
export interface DocName {
  readonly name: string
  readonly isType: boolean
  readonly isExported: boolean
}

/** What the code of a block gives to the blocks behind it. */
export function namesOf(code: string, file: string): readonly DocName[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true)
  const names = source.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
    if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return []
    const isExported =
      ts.isExportDeclaration(statement) || modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    return declaredBy(statement).map(([{ text: name }, isType]) => ({ name, isType, isExported }))
  })
  // A name may be that of a value and of its type.
  const values = names.filter(({ isType }) => !isType)
  return [...values, ...names.filter(({ name, isType }) => isType && values.every((value) => value.name !== name))]
}

type Declared = readonly [name: ts.ModuleExportName, isType: boolean]

function declaredBy(statement: ts.Statement): readonly Declared[] {
  if (ts.isImportDeclaration(statement)) return importedBy(statement.importClause)
  if (ts.isExportDeclaration(statement)) return exportedBy(statement)
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundBy(name))
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return [[statement.name, true]]
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement)) {
    return statement.name === undefined ? [] : [[statement.name, false]]
  }
  return []
}

function importedBy(clause: ts.ImportClause | undefined): readonly Declared[] {
  if (clause === undefined) return []
  const { name, namedBindings, isTypeOnly } = clause
  const named: readonly Declared[] =
    namedBindings === undefined
      ? []
      : ts.isNamespaceImport(namedBindings)
        ? [[namedBindings.name, isTypeOnly]]
        : namedBindings.elements.map((element) => [element.name, isTypeOnly || element.isTypeOnly])
  return name === undefined ? named : [[name, isTypeOnly], ...named]
}

function exportedBy({ exportClause, isTypeOnly }: ts.ExportDeclaration): readonly Declared[] {
  if (exportClause === undefined || ts.isNamespaceExport(exportClause)) throw new Error('Export names, not everything')
  return exportClause.elements.map((element) => [element.name, isTypeOnly || element.isTypeOnly])
}

function boundBy(name: ts.BindingName): readonly Declared[] {
  if (ts.isIdentifier(name)) return [[name, false]]
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundBy(element.name)))
}
