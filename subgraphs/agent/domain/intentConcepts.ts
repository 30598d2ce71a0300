import { fold } from './text.ts';

/**
 * What the words of sales talk, and of talk that is none, mean and how sentences are built, English and Spanish together: one pattern a concept, matched from the start of
 * a word on folded text. The classifier sees a concept as one more feature, so an unseen word of a known concept still counts.
 */
const concepts: Readonly<Record<string, string>> = {
  money:
    'price|pricing|cost|fee|rate card|rates|tariff|quote|quotation|charge|how much|per month|per seat|per user|discount|promo|cheap|bill|precio|cuest|cuant[oa]s? (?:es|sale|vale|cobr|me|nos|dinero|seria|pag)|coste|costo|tarifa|cotiz|descuento|rebaja|barat|mensualidad|cobra|a cuanto|valor tiene|iva|presupuesto para',
  expensive:
    'expensive|pric(?:e)?y|pricier|dear\\b|steep|afford|too much money|overpriced|ridiculous|lot of (?:money|cash)|out of (?:our|my) (?:price|budget|range)|over (?:our|my|the) budget|stretch|justify|tight|caro|cara\\b|carisim|carill|carer|demasiado dinero|mucho dinero|dineral|muchisim|no (?:me|nos) alcanza|no podemos pag|no puedo pag|permitir|atraco|robo\\b|justos|se (?:nos )?(?:va|sale|pasa)|encima de lo',
  later:
    'later|next (?:month|year|quarter|week)|not now|busy|slammed|hectic|swamped|another time|after (?:the )?(?:summer|holiday|christmas|easter)|in (?:january|february|march|april|june|july|august|september|october|november|december|spring|autumn|fall|winter)|wait|think (?:it|about)|quarter|moment|right now|timing|priorit|mas (?:adelante|tarde)|proximo|que viene|ocupad|liad|lio\\b|a tope|despues de|pasad[ao]s? (?:el|la|las|los)|trimestre|pensar|ahorita|vacaciones|enero|febrero|septiembre|octubre|noviembre|diciembre|momento|semestre|prisa|esperar',
  rival:
    'competit|competen|rival|vendor|supplier|provider|elsewhere|someone else|somebody else|other (?:company|companies|lot|firm|offer)|salesforce|hubspot|zendesk|intercom|pipedrive|twilio|vodafone|movistar|orange\\b|telefonica|microsoft|google|zoom\\b|zoho|oracle|sap\\b|better (?:deal|offer|price)|proveedor|otr[ao]s? (?:empresa|compania|proveedor|marca|oferta|sitio|opcion)|mejor oferta|oferta mejor|operador\\b|ya trabaj|diferenci',
  needless:
    'need|overkill|pointless|useless|no use|use for|point of|by hand|manual|spreadsheet|excel|good enough|works fine|manage fine|as it is|hardly|hace falta|necesit|util|sirve|sobra|apan|arreglamos|a mano|nos basta|para que quier|innecesari|asi (?:como )?estamos|casi no|apenas',
  decider:
    'boss|manager|owner|director|board|partner|wife|husband|ceo|cfo|cto|finance|accounting|purchasing|procurement|head ?office|headquarters|approv|sign(?:ed)? off|sign[- ]off|decid|decision|committee|my call|up to me|in charge|receptionist|assistant here|jef[ea]|gerente|duen|director|socio|socia|mujer|marido|espos|consultar|aprob|autoriz|junta|comite|finanzas|compras|la central|sede|depende de mi|encargad|responsable|recepcion|visto bueno|manda\\b',
  demo: 'demo|trial|appointment|meeting|schedule|calendar|diary|invite|walk ?through|show (?:me|us)|see it|in action|try it|test it|presentation|tour\\b|book\\b|slot|prueba|probar|cita\\b|reunion|agend|mostrar|ensen|videollamada|presentacion|invitacion|verlo|apunt|trastear|demostracion',
  buy: 'buy|purchase|order\\b|sign (?:me )?up|where do i sign|go ahead|i.?m in\\b|i.?ll take|deal\\b|subscribe|checkout|pay (?:right )?now|pay today|contract over|decided to|lo compr|compr[ao]|contrat[oa]r?lo|lo contrato|me lo quedo|me lo llevo|firmo|firmar|pedido|darme de alta|dar de alta|contratar|adelante con|trato hecho|decidido|como pago',
  refuse:
    'not interested|no interest|stop (?:call|phon|ring|contact)|don.?t (?:call|phone|ring|contact)|remove|unsubscrib|off your list|leave me|go away|pass\\b|wasting|bother|bugging|no me interes|no (?:estoy|estamos) interes|dej[ea]n? de|borr|quite|quiten|no (?:me )?(?:llam|molest)|no (?:vuelvan|vuelva) a|baja de|paso\\b|tiempo conmigo|no quiero nada',
  person:
    'human|person|people|someone|somebody|representative|operator|agent\\b|supervisor|real\\b|advis|consultant|salesperson|member of staff|transfer|put me (?:through|on)|persona|humano|alguien|asesor|operador|comercial|supervisor|agente|representante|pas[ea]me|comuni[cq]|transf|pong[ao]me con|gente',
  machine:
    'robot|bot\\b|machine|computer|artificial|\\bai\\b|ia\\b|recording|recorded|automated|maquina|grabaci|contestador|computadora|ordenador',
  who: 'who (?:are|is|am|do)|who.?s\\b|your name|what company|which company|work for|quien (?:eres|es|habla)|con quien|como (?:te|se) llama|de que empresa|para quien|su nombre|tu nombre',
  secure:
    'secur|safe|encrypt|gdpr|privacy|complian|hipaa|soc ?2|iso ?27|breach|hack|backup|servers?\\b|two[- ]factor|2fa|certif|nda\\b|data process|our data|my data|personal data|confiden|who can see|stored|third part|trust|segur|cifrad|encript|rgpd|privacidad|proteccion de datos|datos|servidor|copias? de|hacke|verificacion|tercero|fuga',
  terms:
    'refund|cancel|return|money back|contract length|tied|locked? in|penalt|notice|warrant|guarantee|renew|terminat|downgrade|leave early|leaving early|commit|minimum|pay by|paypal|credit card|bank transfer|instal?ment|deliver|shipping|devol|devuelv|cancel|reembols|permanencia|penaliz|garantia|renuev|darme de baja|darnos de baja|compromis|transferencia|tarjeta|plazos|envio|condiciones|avisar|bajar de plan',
  help: 'support|help|fault|broken|breaks|crash|error|reset|password|locked|can.?t (?:log|get) in|not working|stops working|stopped working|goes down|response time|help ?desk|ticket|account manager|tutorial|guide|sla\\b|soporte|ayuda|averia|falla|falle|fallo|no (?:me )?(?:abre|funciona|carga)|bloquead|contrasena|clave\\b|incidencia|atencion al|se cae|manual|atiend|no me llega|asign',
  setup:
    'install|set ?up|setting up|implement|onboard|migrat|roll(?:ed)? ?out|go live|up and running|import|training|switch over|switching|downtime|configur|engineer|get started|get it going|deploy|instal|implant|implement|puesta en marcha|migra|formacion|capacit|configur|montar|montan|montaje|arranc|andando|operativ|pasar los datos|importar|despliegue|cambio\\b|ponerlo',
  product:
    'feature|include|integrat|compatible|work(?:s)? (?:on|with)|iphone|android|\\bapp\\b|api\\b|module|version|difference between|come with|inside|record call|text message|report(?:s|ing)|languages?|does it|can it|incluy|funcion|integra|conect|compatible|trae\\b|movil|celular|informes?|version|idioma|diferenci|whatsapp|graba\\b|ofrec|venden|que es lo que',
  misheard:
    'repeat|again|pardon|come again|sorry what|didn.?t (?:get|catch|hear|understand)|don.?t (?:get|understand)|what do you mean|slower|slowly|broke up|breaking up|missed|lost me|simpl|explain that|say that|repet|repit|otra vez|no (?:te |le |lo )?(?:he )?(?:oi|entend|entien|capt|pill)|perdon|como dic|despacio|mas lento|que (?:quieres|quiere) decir|se (?:ha )?cort|me perdi|mas facil|explicam',
  bye: 'bye|goodbye|see (?:you|ya)|later\\b|take care|farewell|hang(?:ing)? up|have a (?:nice|good|great|lovely)|speak soon|talk soon|until next|i.?ve got to|gotta|that.?s all|adios|hasta (?:luego|pronto|manana|la|otra)|chao|chau|nos vemos|buen dia\\b|cuelg|colgar|me voy|hablamos|que (?:le vaya|te vaya|tenga)|le dejo',
  thank: 'thank|thx|cheers|appreciat|grateful|obliged|\\bta\\b|helpful|gracias|agrade|amable|servido',
  hello:
    'hello|hi\\b|hey|good (?:morning|afternoon|evening)|morning\\b|greetings|howdy|hola|buen[ao]s|saludos|alo\\b|que tal',
  yes: 'yes|yep|yeah|yup|sure|correct|exactly|right\\b|of course|absolutely|ok\\b|okay|sounds (?:good|fine|great)|works for|that works|please do|go on|go for|fine\\b|uh huh|si\\b|claro|vale\\b|dale|exacto|correcto|asi es|de acuerdo|por supuesto|perfecto|eso (?:es|mismo)|aja|ok\\b',
  no: 'no\\b|nope|nah|not\\b|never|don.?t|negative|wrong|nop\\b|que va|para nada|nunca|negativo|tampoco|en absoluto|nada',
  business:
    '(?:we|i) (?:run|own|manage|sell)|our (?:company|team|office|budget|business|department|firm)|my (?:company|team|shop|business|office|clinic)|employees|staff|we.?re a|there are \\w+ of us|budget (?:is|of)|per week|a week|(?:somos|tenemos|llevo|tengo|trabajo) (?:un|una|en|unos|\\w+ (?:personas|empleados))|nuestr[ao] (?:empresa|equipo|presupuesto|oficina)|mi (?:empresa|equipo|negocio)|empleados|presupuesto (?:es|ronda|de)|a la semana|al dia\\b|departamento|para (?:marzo|mayo|junio|julio)|by (?:march|may|june|july)',
  // how a sentence is built
  asksWhat:
    '(?<![\\s\\S])(?:(?:and|so|ok|but|hey|y|pero|entonces|oye|oiga) )?(?:what|whats|how|when|whens|where|wheres|who|whos|which|why|que|como|cuando|donde|quien|cual|por que|cuant[oa]s?|a que|de que|en que|con que|desde cuando)\\b',
  asksWhether:
    '(?<![\\s\\S])(?:(?:and|so|ok|but|hey|y|pero|entonces|oye|oiga) )?(?:can|could|do|does|did|is|are|am|will|would|may|has|have you|any|hay|puedo|puede|pueden|podemos|podria|se puede|se pueden|tiene|tienen|teneis|hacen|es|son|esta|estan|aceptan|dan|sirve|funciona|trae|viene)\\b',
  tells:
    '(?<![\\s\\S])(?:i|im|ive|id|ill|we|weve|wed|were|my|our|the|its|it|thats|there|theyre|soy|somos|tengo|tenemos|estoy|estamos|mi|nuestr[ao]|la|el|los|las|eso|es|lo|me|nos|yo|nosotros|ya)\\b',
  orders:
    '(?<![\\s\\S])(?:please |por favor )?(?:give|send|tell|show|put|get|let|call|ring|take|stop|dont|remove|add|set|book|play|open|write|make|turn|remind|deme|dame|mandeme|manda|digame|dime|paseme|pasame|ponga|pon|pongame|llame|haga|haz|quite|borre|deje|dejen|dejame|dejeme|no me|no vuelv)',
  wants:
    'i want|i need|id like|i would like|id love|id prefer|id rather|wanna|we want|we need|wed like|looking for|im after|quiero|queremos|necesit|quisiera|me gustaria|prefiero|busc[oa]|me hace falta',
  ourselves:
    'we\\b|weve|were\\b|wed\\b|our\\b|ours|us\\b|nos\\b|nosotros|nuestr|somos|tenemos|estamos|hacemos|usamos|vendemos',
  myself: 'i\\b|im\\b|ive\\b|id\\b|ill\\b|my\\b|me\\b|mine|yo\\b|mi\\b|mis\\b|soy|tengo|estoy|conmigo',
  yourself:
    'you\\b|your\\b|youre|youve|u\\b|usted|ustedes|vosotros|vuestr|tu\\b|te\\b|ti\\b|vos\\b|eres|sos\\b|su\\b|sus\\b|os\\b',
  someoneElse:
    'he\\b|shes?\\b|hes\\b|his\\b|her\\b|they|their|him\\b|ella|ellos|el es quien|el decide|le pregunto|ellas',
  negates:
    'no\\b|not\\b|dont|doesnt|cant|wont|isnt|arent|didnt|wouldnt|couldnt|never|nobody|none|nothing|nunca|nadie|ningun|nada|tampoco|ni\\b|sin\\b|jamas',
  supposes:
    'if\\b|what if|happens|suppose|in case|si (?:no|me|se|quiero|algo|la|lo|falla|cambio)|y si\\b|que pasa|en caso',
  number:
    '\\d+|two\\b|three|four|five|six\\b|seven|eight|nine|ten\\b|twelve|twenty|thirty|forty|fifty|hundred|thousand|dos\\b|tres\\b|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|veinte|treinta|cuarenta|cincuenta|cien|ciento|mil\\b|quinientos',
  when: 'today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|week\\b|tonight|oclock|morning|afternoon|hoy\\b|manana|lunes|martes|miercoles|jueves|viernes|sabado|domingo|semana|por la tarde|a las \\w+',
  duration:
    'how long|how soon|how fast|how quickly|how many (?:days|weeks|months)|days\\b|weeks\\b|months\\b|cuanto (?:tard|dur|demor|tiempo|rato)|en cuanto tiempo|dias\\b|semanas\\b|meses\\b|plazo|rapid',
  // more of what customers talk about
  already:
    'already|been with|been using|years with|since\\b|just (?:signed|bought|switched|renewed|moved)|happy with|current(?:ly)?\\b|present\\b|existing|we use|i use|ya (?:tengo|tenemos|uso|usamos|hay|me|nos|est|cont|trab|firm)|llevo|llevamos|desde hace|acab(?:o|amos) de|content[oa]s? con|actual',
  compares:
    'better|than\\b|versus|vs\\b|compare|comparing|difference|different|same thing|the same|unlike|cheaper|less\\b|lower|mejor|que (?:los|el) (?:otr|demas|resto)|compar|frente a|igual|mismo|mas barat|distint|menos\\b',
  fine: 'fine\\b|good as|as we are|as it is|get by|manage|suits us|happy as|without it|does the (?:job|trick)|asi (?:estoy|estamos|como|nos)|estamos bien|nos (?:va|apan|arregl|basta|sobra)|me (?:va|basta|sobra|apano) bien|vivir sin|con eso',
  trouble:
    'wrong|problem|issue|broke|broken|fail|faulty|down\\b|stuck|slow\\b|frozen|freez|leak|missing|hasnt (?:arrived|turned|come)|never (?:got|received|arrived)|twice|wont\\b|stopped|mal\\b|problema|inconveniente|danad|rot[oa]|estrope|caid|lent[oa]|trab|congel|cort[ao]|no (?:prende|anda|va|llega|ha llegado|llego|sirve|se oye|me deja)|dos veces|queja|complain',
  learnUse:
    'learn|teach|train|fit\\b|fitter|fitting|connect|port\\b|copy|transfer|move (?:our|my|the)|technician|wiring|cabl|aprend|ensen|capacit|conect|enganch|traspas|pasar|tecnico|montador|cableado|portabilidad',
  family:
    'wife|husband|partner|mum|mom|dad|son\\b|daughter|kids|brother|sister|family|missus|parents|mujer|esposa|esposo|marido|mama|papa\\b|hij[oa]s?|herman|familia|padres|pareja|senora\\b',
  upset:
    'hell\\b|bloody|damn|fuck|shit|useless|annoy|harass|sick of|fed up|pester|peace\\b|lost\\b|pesad|acoso|hart[oa]|maldit|mierda|joder|jodas|narices|paz\\b|fastidi',
  surprise:
    'wow|ouch|whoa|yikes|jeez|blimey|oof|good grief|seriously|kidding|joking|uf+\\b|madre mia|hijole|caray|ostras|en serio|broma|uy\\b|guau|hala\\b|anda ya|ni loc[oa]',
  afford:
    'spend|spending|cash|wallet|pocket|funds?\\b|skint|broke\\b|worth|wages|salary|rent\\b|gast[ao]|bolsillo|cartera|plata|lana\\b|fondos|sueldo|renta\\b|vale la pena|inver[st]|dinero',
  payment:
    'pay\\b|payment|payments|card\\b|invoice|cash\\b|finance it|instal|pago|pagar|tarjeta|factura|cuotas|efectivo|plazos|financia|bizum|paypal',
  paper: 'contract|agreement|terms|clause|sign\\b|paperwork|contrato|acuerdo|clausula|papeles|firm[ao]',
  maker:
    'made you|built you|created you|programmed|your (?:boss|company|job|role)|based\\b|calling from|te (?:hizo|creo|program)|de donde|desde donde|su empresa|que empresa',
  goods:
    'phone|laptop|car\\b|van\\b|router|printer|bike|shoe|sofa|boiler|camera|tablet|watch\\b|size|colou?r|battery|broadband|fibre|insurance|policy|course|gym|coche|carro|auto\\b|furgoneta|impresora|zapat|caldera|camara|talla|color|bateria|fibra|seguro\\b|poliza|curso|gimnasio',
  trade:
    'shop\\b|store|restaurant|bakery|salon|clinic|hotel|garage|school|firm\\b|agency|farm|warehouse|tienda|restaurante|panaderia|peluqueria|clinica|taller|colegio|despacho|agencia|finca|almacen|fabrica|inmobiliaria|pyme|sucursal',
  brand:
    'amazon|apple\\b|facebook|instagram|netflix|tesla|slack|mailchimp|notion|shopify|outlook|teams\\b|excel|sheets|whatsapp|gmail|zara|uber|spotify|youtube|tiktok|siri|alexa|chatgpt|gpt',
  // what is none of a sales agent's business
  weather:
    'weather|rain|snow|sunny|storm|forecast|hot (?:is|today)|cold today|umbrella|temperature|tiempo hace|llov|llueve|nev[aoe]|tormenta|temperatura|calor|frio hace|paraguas|hara sol',
  sport:
    'football|soccer|match\\b|tennis|basketball|olympic|goal|team (?:won|lost|got)|league|champion|world cup|messi|ronaldo|futbol|partido|tenis|baloncesto|mundial|liga\\b|gol\\b|campeon|equipo (?:gano|perdio|bajo)',
  food: 'recipe|cook|bake|eat\\b|dinner|lunch|breakfast|pizza|pasta|chicken|rice|cake|egg|soup|wine\\b|beer|coffee|receta|cocin|comer\\b|cena|almuerzo|desayuno|pollo|arroz|pastel|tortilla|huevo|sopa|vino\\b|cerveza|cafe\\b|tacos|paella',
  animal:
    'dog\\b|cat\\b|puppy|kitten|horse|bird|fish|spider|elephant|shark|animal|perr[oa]|gat[oa]\\b|cachorro|caballo|pajaro|pez\\b|peces|arana|elefante|tiburon',
  culture:
    'song|sing\\b|music|movie|film|book\\b (?:me|a good)|poem|singer|actor|actress|concert|tv\\b|novel|painted|wrote|celebrity|cancion|cant[ae]\\b|musica|pelicula|libro|poema|cantante|actor|actriz|concierto|tele\\b|novela|pinto\\b|escribio|serie\\b',
  world:
    'capital of|country|population|river|mountain|planet|moon\\b|sun\\b|star\\b|earth|ocean|continent|president|king\\b|queen\\b|war\\b|history|election|politic|capital de|pais\\b|poblacion|rio\\b|montana|planeta|luna\\b|sol\\b|estrella|tierra|oceano|presidente|rey\\b|reina|guerra|historia|eleccion|politic',
  schooling:
    'homework|math|equation|square root|plus\\b|times\\b|percent of|convert|translate|spell\\b|synonym|definition|define|integral|chemis|physics|deberes|tarea\\b|matematic|ecuacion|raiz cuadrada|por ciento de|conviert|traduc|se escribe|sinonimo|define|quimica|fisica',
  body: 'headache|hurt|pain\\b|fever|cough|pregnan|doctor|medicine|pills?\\b|vitamin|diet|muscle|sleep better|duele|dolor|fiebre|tos\\b|embaraz|medico|medicina|pastilla|vitamina|dieta|musculo|adelgaz',
  chores:
    'alarm\\b|timer|remind|lights?\\b|thermostat|playlist|volume|shopping list|wake me|taxi|flight|hotel in|restaurant|train\\b|bus\\b|alarma|temporizador|recuerd|luces|volumen|lista de la compra|despiert|vuelo|hotel en|tren\\b|autobus',
  chitchat:
    'joke|story|riddle|love you|marry|married|favou?rite|feelings|boyfriend|girlfriend|bored|lonely|birthday|god\\b|ghost|alien|horoscope|lottery|chiste|cuento|adivinanza|te quiero|te casas|favorit|novi[oa]|aburrid|cumpleanos|dios\\b|fantasma|extraterrestre|horoscopo|loteria',
  working:
    'hiring|vacanc|job\\b|jobs\\b|resume\\b|cv\\b|salary|recruit|internship|interview|contratando|vacante|empleo|trabajo para|curriculum|practicas|reclut|entrevista',
};

const patterns = Object.entries(concepts).map(([name, words]) => ({
  name,
  pattern: new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${words})`, 'u'),
}));

/** Names of the concepts an utterance touches. */
export const conceptsOf = (utterance: string): string[] => {
  const folded = fold(utterance);
  return patterns.filter(({ pattern }) => pattern.test(folded)).map(({ name }) => name);
};
