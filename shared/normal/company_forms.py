"""Legal forms of companies in many countries: a line with bars holds phrases, a line without them single words."""

# ruff: noqa: RUF001 - forms are written in their own alphabets

from typing import Final

BEHIND: Final = """
inc incorporated corp corporation co company companies ltd limited llc llp lp lllp pllc plc pc cic na
pty ltd | pty limited | pty | proprietary limited | pvt ltd | pvt limited | pvt | private limited | pte ltd |
pte limited | pte | sdn bhd | bhd | berhad
public limited company | limited liability company | co ltd | co limited | company limited
gmbh mbh ag kg ohg ug se kgaa gbr ev eg ek partg
gmbh and co kg | gmbh co kg | gmbh and co kgaa | gmbh and co ohg | ag and co kg | ag and co kgaa | se and co kg |
se and co kgaa | ug and co kg
and co kg | and co kgaa | co kg | ug haftungsbeschrankt | aktiengesellschaft | gesellschaft mbh | gesmbh | ges mbh |
eingetragene genossenschaft
societas europaea | kommanditgesellschaft
sa | sas | sasu | sarl | eurl | snc | sca | scs | scop | sci | gie | societe anonyme | societe par actions simplifiee
srl | spa | sapa | scarl | srls | snc | societa per azioni | scpa
sl | slu | sau | sll | scoop | sociedad limitada | sociedad anonima | sa de cv | s de rl de cv | sapi de cv |
sab de cv | sapib de cv | s de rl | sac | saic | scrl
ltda | lda | eireli | limitada | unipessoal lda | sgps
bv | nv | vof | cv | bvba | sprl | cvba | asbl | vzw | besloten vennootschap | naamloze vennootschap
ab | aktiebolag | hb | kb | oy | oyj | abp | tmi | as | asa | ans | aps | ivs | amba | hf | ehf | publ | ab publ
oü uab ab as sia tüu
sp zoo | spzoo | sp z oo | spolka z ograniczona odpowiedzialnoscia | spolka akcyjna | sp k | sp j | sp zoo sp k | spk
sro | s ro | spol s ro | spol sro | a s | vos | doo | d oo | dd | ad | ead | eood | ood | kft | zrt | nyrt | bt | rt
ae | epe | ike | oe | ltd sti | anonim sirketi | limited sirketi | ticaret as
ooo | oao | zao | pao | ao | ooo ltd | ооо | оао | зао | пао | ао | ип | тов | пат | прат | ат | оод | еоод | ад |
еад | доо
kk | gk | yk | kabushiki kaisha | kabushiki gaisha | godo kaisha
pjsc | ojsc | cjsc | jsc | psc | saog | saoc | fze | fzco | fz llc | dmcc | wll | kscp | sal | sarl au
tbk | persero | persero tbk
"""
IN_FRONT: Final = """
pt | ud | ооо | оао | зао | пао | ао | ип | тов | ooo | oao | zao | pao | uab | sia | ab | firma | messrs
"""

# Written without a space before or behind the name.
GLUED: Final = (
    "株式会社",
    "(株)",
    "有限会社",
    "合同会社",
    "股份有限公司",
    "有限责任公司",
    "有限責任公司",
    "股份公司",
    "有限公司",
    "주식회사",
    "유한회사",
)
