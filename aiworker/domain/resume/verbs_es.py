"""Spanish verb forms of the offline rules: infinitive and first-person past. Leadership verbs are left out."""

from __future__ import annotations

_FORMS = """
actualizar actualicé
analizar analicé
archivar archivé
atender atendí
automatizar automaticé
calcular calculé
clasificar clasifiqué
comprobar comprobé
configurar configuré
construir construí
corregir corregí
crear creé
depurar depuré
desarrollar desarrollé
desplegar desplegué
diseñar diseñé
documentar documenté
elaborar elaboré
enseñar enseñé
escribir escribí
evaluar evalué
extraer extraje
generar generé
implementar implementé
instalar instalé
integrar integré
investigar investigué
mantener mantuve
medir medí
mejorar mejoré
migrar migré
monitorizar monitoricé
montar monté
optimizar optimicé
ordenar ordené
organizar organicé
preparar preparé
presentar presenté
probar probé
procesar procesé
programar programé
publicar publiqué
recoger recogí
recopilar recopilé
redactar redacté
reducir reduje
registrar registré
reparar reparé
resolver resolví
revisar revisé
traducir traduje
validar validé
vender vendí
verificar verifiqué
"""

PAST_OF_INFINITIVE = {line.split()[0]: line.split()[1] for line in _FORMS.split("\n") if line}

PAST_OF_NOUN = {
    "actualización": "actualicé",
    "análisis": "analicé",
    "configuración": "configuré",
    "corrección": "corregí",
    "creación": "creé",
    "desarrollo": "desarrollé",
    "despliegue": "desplegué",
    "diseño": "diseñé",
    "elaboración": "elaboré",
    "evaluación": "evalué",
    "implementación": "implementé",
    "instalación": "instalé",
    "integración": "integré",
    "mantenimiento": "mantuve",
    "migración": "migré",
    "preparación": "preparé",
    "recogida": "recogí",
    "redacción": "redacté",
    "revisión": "revisé",
    "traducción": "traduje",
    "validación": "validé",
}

PAST = frozenset(PAST_OF_INFINITIVE.values()) | frozenset(
    [
        "ayudé",
        "colaboré",
        "contribuí",
        "estuve",
        "fui",
        "gestioné",
        "hice",
        "llevé",
        "participé",
        "realicé",
        "supervisé",
        "trabajé",
        "utilicé",
        "usé",
    ]
)
